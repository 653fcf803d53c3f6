"""Makes the small model that guesses how unknown English words are said."""
