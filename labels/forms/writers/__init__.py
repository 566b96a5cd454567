"""The one writer of xlsx and the one of PDF: each draws any paper, whatever form it is of."""
