"""Office's formulas (ECMA-376 part 1, 22.1) on one line: (甲+乙)/丙, x^2, √(a). Nothing runs into anything else."""

from __future__ import annotations

from knowledge.readers.docx_xml import Element, local

_PROPERTIES = frozenset({"rPr", "ctrlPr", "fPr", "sSupPr", "sSubPr", "dPr", "radPr", "naryPr", "oMathParaPr", "argPr"})


def linear(formula: Element) -> str:
    """A formula as a line of text."""
    match local(formula):
        case "t":
            return formula.text or ""
        case "f":
            return f"{_group(formula, 'num')}/{_group(formula, 'den')}"
        case "sSup":
            return f"{_part(formula, 'e')}^{_group(formula, 'sup')}"
        case "sSub":
            return f"{_part(formula, 'e')}_{_group(formula, 'sub')}"
        case "sSubSup":
            return f"{_part(formula, 'e')}_{_group(formula, 'sub')}^{_group(formula, 'sup')}"
        case "rad":
            return f"{_part(formula, 'deg')}√({_part(formula, 'e')})"
        case "nary":
            return _nary(formula)
        case "d":
            inside = ",".join(linear(child) for child in formula if local(child) == "e")
            return _sign(formula, "begChr", "(") + inside + _sign(formula, "endChr", ")")
        case _:
            return "".join(linear(child) for child in formula if local(child) not in _PROPERTIES)


def _nary(formula: Element) -> str:
    lower, upper = _part(formula, "sub"), _part(formula, "sup")
    bounds = (f"_({lower})" if lower else "") + (f"^({upper})" if upper else "")
    return _sign(formula, "chr", "∫") + bounds + _part(formula, "e")


def _part(formula: Element, name: str) -> str:
    return next((linear(child) for child in formula if local(child) == name), "")


def _group(formula: Element, name: str) -> str:
    text = _part(formula, name)
    return text if text.isalnum() else f"({text})"


def _sign(formula: Element, name: str, default: str) -> str:
    found = next((child for child in formula.iter() if local(child) == name), None)
    if found is None:
        return default
    return next((value for key, value in found.attrib.items() if str(key).endswith("}val")), "")
