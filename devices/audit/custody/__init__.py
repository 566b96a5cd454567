"""The safety of the warehouse: inspections, the access log, handovers."""
