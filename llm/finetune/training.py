"""The training run: Hugging Face's Trainer, with or without a LoRA adapter."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import torch
from peft import LoraConfig, get_peft_model
from torch.nn import functional as F
from transformers import PrinterCallback, ProgressCallback, Trainer, TrainerCallback, TrainingArguments
from transformers.trainer_utils import get_last_checkpoint

from llm.finetune.batches import PadRight, RowDataset
from llm.finetune.encoding import IGNORE, Row
from llm.finetune.errors import NothingToLearn
from llm.finetune.settings import LINEAR_LAYERS, TrainingSettings
from runtime.stop_flag import StopFlag

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast


@dataclass(frozen=True, slots=True)
class Result:
    """What a run ended with.

    Attributes:
        model: trained; a PeftModel for method "lora".
        num_steps: done in all, earlier parts of a resumed run included.
        is_finished: False after Ctrl-C.
        train_loss, eval_loss: mean cross-entropy per learned token; nan where not measured.
    """

    model: Any
    num_steps: int
    is_finished: bool
    train_loss: float
    eval_loss: float


class _Stopper(TrainerCallback):
    def __init__(self, flag: StopFlag) -> None:
        self._flag = flag

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if self._flag.is_set:
            control.should_save = True
            control.should_training_stop = True


class _AnswerTrainer(Trainer):
    """Computes logits only where something is learned.

    With Qwen's 152 thousand tokens the logits of a long prompt are most of a step's memory, and here they
    would be thrown away. With several rows at once it is the union of their learned places.
    """

    def compute_loss(
        self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        """Returns the cross-entropy per learned token."""
        targets = inputs["labels"][:, 1:]
        places = (targets != IGNORE).any(dim=0).nonzero().squeeze(1)
        output = model(
            input_ids=inputs["input_ids"],
            attention_mask=inputs["attention_mask"],
            logits_to_keep=places,
            use_cache=False,
        )
        flat = output.logits.float().flatten(0, 1)
        total = F.cross_entropy(flat, targets[:, places].flatten(), ignore_index=IGNORE, reduction="sum")
        num_items = (targets != IGNORE).sum() if num_items_in_batch is None else num_items_in_batch
        loss = total / num_items
        return (loss, output) if return_outputs else loss


def train(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerFast,
    train_rows: Sequence[Row],
    eval_rows: Sequence[Row],
    settings: TrainingSettings,
    run_folder: Path,
    *,
    is_resumed: bool = False,
    callbacks: Sequence[TrainerCallback] = (),
    stop: StopFlag | None = None,
) -> Result:
    """Trains a model on rows.

    Args:
        model: method "full" changes it in place; "lora" puts an adapter around it.
        run_folder: checkpoints are kept here (two at most).
        is_resumed: go on from the last checkpoint there, if there is one.

    Raises:
        NothingToLearn: no row has a learned token.
    """
    num_learned = sum(row.num_learned for row in train_rows)
    if num_learned == 0:
        raise NothingToLearn("nothing would be learned: no answer in the data has a token to learn")
    stop = stop or StopFlag()
    torch.manual_seed(settings.seed)  # the adapter's start values are drawn from this
    trained = _with_adapter(model, settings) if settings.method == "lora" else model
    trainer = _AnswerTrainer(
        model=trained,
        args=_arguments(settings, run_folder, has_eval=bool(eval_rows)),
        data_collator=PadRight(cast(int, tokenizer.pad_token_id or 0)),
        train_dataset=RowDataset(train_rows),
        eval_dataset=RowDataset(eval_rows) if eval_rows else None,
        callbacks=[_Stopper(stop), *callbacks],
    )
    for default in (PrinterCallback, ProgressCallback):
        trainer.remove_callback(default)
    checkpoint = get_last_checkpoint(str(run_folder)) if is_resumed and run_folder.is_dir() else None
    output = trainer.train(resume_from_checkpoint=checkpoint)
    is_finished = trainer.state.global_step >= trainer.state.max_steps
    losses = [entry["eval_loss"] for entry in trainer.state.log_history if "eval_loss" in entry]
    return Result(
        model=trained,
        num_steps=trainer.state.global_step,
        is_finished=is_finished,
        train_loss=output.training_loss,
        eval_loss=losses[-1] if losses else math.nan,
    )


def _with_adapter(model: PreTrainedModel, settings: TrainingSettings) -> Any:
    config = LoraConfig(
        r=settings.rank,
        lora_alpha=settings.alpha,
        lora_dropout=settings.dropout,
        target_modules=list(LINEAR_LAYERS),
        task_type="CAUSAL_LM",
    )
    if settings.has_activation_checkpoints:
        model.enable_input_require_grads()  # frozen embeddings would cut the recomputed graph off
    with warnings.catch_warnings():
        # peft 0.21 asks transformers 5 for a property by its old name.
        warnings.filterwarnings("ignore", message="`is_gradient_checkpointing` is deprecated")
        return get_peft_model(model, config)


def _arguments(settings: TrainingSettings, run_folder: Path, *, has_eval: bool) -> TrainingArguments:
    has_gpu = torch.cuda.is_available()
    is_bf16 = settings.precision == "bfloat16" or (settings.precision == "auto" and has_gpu)
    return TrainingArguments(
        output_dir=str(run_folder),
        per_device_train_batch_size=settings.micro_batch_size,
        per_device_eval_batch_size=settings.micro_batch_size,
        gradient_accumulation_steps=settings.batch_size // settings.micro_batch_size,
        num_train_epochs=settings.epochs,
        max_steps=settings.max_steps or -1,
        learning_rate=settings.learning_rate,
        lr_scheduler_type=settings.schedule,
        warmup_steps=settings.warmup,  # below one it is a share of all steps
        weight_decay=settings.weight_decay,
        bf16=is_bf16 and has_gpu,
        use_cpu=not has_gpu,
        activation_checkpointing=settings.has_activation_checkpoints,
        train_sampling_strategy="group_by_length",
        eval_strategy="steps" if has_eval and settings.eval_every else ("epoch" if has_eval else "no"),
        eval_steps=settings.eval_every or None,
        save_strategy="steps" if settings.save_every else "no",
        save_steps=settings.save_every or 500,
        save_total_limit=2,
        logging_steps=max(1, settings.log_every),
        prediction_loss_only=True,
        dataloader_pin_memory=has_gpu,
        remove_unused_columns=False,
        disable_tqdm=True,
        report_to="none",
        seed=settings.seed,
    )
