"""Documents -> clauses -> answers with citations."""
