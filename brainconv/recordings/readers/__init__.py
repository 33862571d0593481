"""One module per data set: ``read(row, paths)`` turns its files into a container, or says what is wrong with them."""
