"""Parity with upstream GPT-SoVITS: run the engine on recorded inputs, compare with recorded outputs."""
