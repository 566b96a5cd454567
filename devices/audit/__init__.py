"""Reviews, stocktakes, signatures, inspections, visits, handovers and the month's close."""
