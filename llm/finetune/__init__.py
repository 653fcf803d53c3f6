"""LoRA tuning of a chat model on role-play dialogues: `python -m llm.finetune --help`."""
