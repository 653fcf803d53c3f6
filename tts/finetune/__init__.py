"""Training a voice on a few minutes of recordings: `python -m tts.finetune --help`."""
