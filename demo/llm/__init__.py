"""The demo language model: its corpus, its tokenizer, and the command that trains it."""
