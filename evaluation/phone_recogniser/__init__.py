"""A small judge of synthetic speech: which phones are said? It learned from other voices than it judges."""
