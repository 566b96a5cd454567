"""Everything on paper and every word a person reads: barcodes, forms and catalogues of words."""
