"""Golden of the text side: BERT features per phone."""

import numpy as np

from evaluation.parity.kit import Golden, Kit
from tts.text.bert import BertEncoder
from tts.text.front_end import Phones, Segment


def run_bert(kit: Kit, golden: Golden) -> dict[str, np.ndarray]:
    """`bert_feature`: Chinese text with known phones per character -> BERT features per phone."""
    arrays = kit.arrays(golden.name)
    text = str(arrays["in_text"])
    word2ph = tuple(int(count) for count in arrays["in_word2ph"])
    symbols = ("UNK",) * sum(word2ph)
    segment = Segment(language="zh", text=text, norm_text=text, phones=symbols, word2ph=word2ph)
    phones = Phones(
        ids=np.zeros(len(symbols), np.int64),
        symbols=symbols,
        segments=(segment,),
        norm_text=text,
        num_skipped=0,
    )
    return {"out_bert": BertEncoder(kit.path(golden.model)).features(phones)}
