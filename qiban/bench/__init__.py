"""`qiban bench`: what the service can do on this machine, each figure with its size, unit and goal.

A bench is a function of `Options` that gives figures; the registry says under which names. Absolute figures are this
machine's at this moment; ratios are measured in one run, side by side.
"""
