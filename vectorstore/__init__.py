"""What is kept and how it is found: the library, embedding, the two indexes and hybrid search."""
