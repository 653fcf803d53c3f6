"""The parts of `python -m evaluation.voices`: speaking, listening, comparing with a teacher, telling."""
