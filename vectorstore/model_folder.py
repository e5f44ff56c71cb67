"""The packed model as an ordinary sentence-transformers folder: its settings, its tokenizer and its weights in half precision.

Not here: reading the packed file (``packed_model.py``), where the folder is kept and when it is made anew (``bundled.py``).
"""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any

from vectorstore.packed_model import MAX_TOKENS, PROMPTS, PackedModel, half_precision, read_packed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

_SPECIAL_PIECES = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")
# Below any spelling of these five pieces in other pieces, so that a text that names one can never become one.
_UNREACHABLE_SCORE = -1000.0
# What continues a cluster without being a mark: joiners, Thai and Lao vowels, half-width Japanese voicing.
_MORE_MARKS = r"\x{200C}\x{200D}\x{0E33}\x{0EB3}\x{FF9E}\x{FF9F}"


def write_folder(folder: Path, *, source: Path) -> None:
    """Fill ``folder`` from the packed model in ``source``."""
    from safetensors.numpy import save_file

    packed = read_packed(source)
    for name, content in _configuration(packed).items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    (folder / "2_Normalize").mkdir()
    _write_tokenizer(folder / "tokenizer.json", source=packed)
    save_file(_weights(packed), folder / "model.safetensors", metadata={"format": "pt"})


def _configuration(source: PackedModel) -> dict[str, Any]:
    shape = source.shape
    modules = [("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize")]
    return {
        "modules.json": [
            {"idx": index, "name": str(index), "path": path, "type": f"sentence_transformers.models.{name}"}
            for index, (path, name) in enumerate(modules)
        ],
        "config_sentence_transformers.json": {
            # "document" is sentence-transformers' own name for a passage; left out, it would be the empty prompt.
            "prompts": {**PROMPTS, "document": PROMPTS["passage"]},
            "default_prompt_name": None,
            "similarity_fn_name": "cosine",
        },
        "sentence_bert_config.json": {"max_seq_length": MAX_TOKENS, "do_lower_case": False},
        "1_Pooling/config.json": {"word_embedding_dimension": shape.hidden, "pooling_mode_mean_tokens": True},
        "config.json": {
            "architectures": ["BertModel"],
            "model_type": "bert",
            # Stored in half precision, computed in full unless the caller says otherwise.
            "dtype": "float32",
            "hidden_size": shape.hidden,
            "num_hidden_layers": shape.layers,
            "num_attention_heads": shape.heads,
            "intermediate_size": shape.intermediate,
            "vocab_size": shape.vocabulary,
            "max_position_embeddings": shape.positions,
            "type_vocab_size": shape.token_types,
            "layer_norm_eps": shape.layer_norm_epsilon,
            "hidden_act": "gelu",
            "pad_token_id": source.padding,
        },
        "tokenizer_config.json": {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": MAX_TOKENS,
            "bos_token": source.pieces[source.start],
            "cls_token": source.pieces[source.start],
            "eos_token": source.pieces[source.end],
            "sep_token": source.pieces[source.end],
            "pad_token": source.pieces[source.padding],
            "unk_token": source.pieces[source.unknown],
            "mask_token": _SPECIAL_PIECES[-1],
            # "</s>" in an article is four characters, not the end of the text.
            "split_special_tokens": True,
        },
    }


def _weights(source: PackedModel) -> dict[str, NDArray[np.float16]]:
    """BertModel's names → float16 tensors."""
    import numpy as np

    shape = source.shape
    hidden, intermediate = shape.hidden, shape.intermediate
    names: dict[str, tuple[str, tuple[int, ...]]] = {
        "embeddings.word_embeddings.weight": ("emb.word", (shape.vocabulary, hidden)),
        "embeddings.position_embeddings.weight": ("emb.pos", (shape.positions, hidden)),
        "embeddings.token_type_embeddings.weight": ("emb.type", (shape.token_types, hidden)),
        "embeddings.LayerNorm.weight": ("emb.ln.w", (hidden,)),
        "embeddings.LayerNorm.bias": ("emb.ln.b", (hidden,)),
    }
    linear = {
        "attention.self.query": ("q", (hidden, hidden)),
        "attention.self.key": ("k", (hidden, hidden)),
        "attention.self.value": ("v", (hidden, hidden)),
        "attention.output.dense": ("ao", (hidden, hidden)),
        "attention.output.LayerNorm": ("aln", (hidden,)),
        "intermediate.dense": ("fi", (intermediate, hidden)),
        "output.dense": ("fo", (hidden, intermediate)),
        "output.LayerNorm": ("oln", (hidden,)),
    }
    for layer in range(shape.layers):
        for name, (short, size) in linear.items():
            names[f"encoder.layer.{layer}.{name}.weight"] = (f"l{layer}.{short}.w", size)
            names[f"encoder.layer.{layer}.{name}.bias"] = (f"l{layer}.{short}.b", size[:1])
    weights = {name: half_precision(source, short, shape=size) for name, (short, size) in names.items()}
    # The file has no pooler and nothing reads one; without these two, loading reports them as missing.
    weights["pooler.dense.weight"] = np.zeros((hidden, hidden), dtype=np.float16)
    weights["pooler.dense.bias"] = np.zeros(hidden, dtype=np.float16)
    return weights


def _write_tokenizer(path: Path, *, source: PackedModel) -> None:
    """A tokenizer that gives the ids of the package's engine: same normalisation, pieces and unknown characters."""
    from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

    scores: list[float] = source.scores.tolist()
    special = {source.pieces.index(piece) for piece in _SPECIAL_PIECES}
    pieces = [
        (piece, _UNREACHABLE_SCORE if index in special else score)
        for index, (piece, score) in enumerate(zip(source.pieces, scores, strict=True))
    ]
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=source.unknown, byte_fallback=False))
    mapped = _character_class(source.normalisation)
    tokenizer.normalizer = normalizers.Sequence(
        [
            # "Precompiled" looks a short cluster up whole and then drops what follows its first character ("½" and an
            # accent). A control character, which the map deletes, ends the cluster before the mark.
            normalizers.Replace(Regex(f"(?<=[{mapped}])(?=[\\p{{M}}{_MORE_MARKS}])"), "\x01"),
            normalizers.Precompiled(_precompiled(source.normalisation)),
            normalizers.Replace(Regex(" {2,}"), " "),
        ]
    )
    # "Unigram" makes one token of neighbouring unknown characters, the engine one of each: keep them apart.
    known = {character for piece in source.pieces for character in piece}
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always"),
            pre_tokenizers.Split(Regex(f"[^{_character_class(known)}]"), behavior="isolated"),
        ]
    )
    start, end = source.pieces[source.start], source.pieces[source.end]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{start} $A {end}",
        pair=f"{start} $A {end} {end} $B {end}",
        special_tokens=[(start, source.start), (end, source.end)],
    )
    tokenizer.add_special_tokens([AddedToken(piece, special=True, normalized=False) for piece in _SPECIAL_PIECES])
    tokenizer.save(str(path), pretty=False)


def _character_class(characters: Iterable[str]) -> str:
    """The inside of a regular expression's ``[…]`` that matches any of ``characters``, as ranges of code points."""
    ranges: list[list[int]] = []
    for code in sorted(map(ord, characters)):
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return "".join(f"\\x{{{first:X}}}-\\x{{{last:X}}}" for first, last in ranges)


def _precompiled(normalisation: Mapping[str, str]) -> bytes:
    """A map of characters in SentencePiece's form: size of the trie in bytes, the trie, NUL-terminated replacements."""
    replacements = bytearray()
    positions: dict[str, int] = {}
    for replacement in normalisation.values():
        if replacement not in positions:
            positions[replacement] = len(replacements)
            replacements += replacement.encode() + b"\0"
    trie = _double_array({character.encode(): positions[replacement] for character, replacement in normalisation.items()})
    return struct.pack("<I", len(trie)) + trie + bytes(replacements)


def _double_array(values: Mapping[bytes, int]) -> bytes:
    """A double-array trie over NUL-free keys, laid out as darts-clone does (github.com/s-yata/darts-clone).

    Little-endian 32-bit units. A node at ``p`` has its children at ``p ^ offset ^ label``; the child labelled 0 holds the value
    and bit 31. A unit holds its own label (bits 0 to 7), whether it has a value (bit 8) and its offset (from bit 10).
    """
    root: dict[int, Any] = {}
    for key, value in values.items():
        node = root
        for label in key:
            node = node.setdefault(label, {})
        node[0] = value

    units = {0: 0}
    base = 0
    waiting = [(0, root)]
    while waiting:
        position, node = waiting.pop()
        # No two nodes share a base, or one would find the other's children. Going on from the last one wastes little.
        base += 1
        while any(base ^ label in units for label in node):
            base += 1
        units[position] |= (position ^ base) << 10 | (0 in node) << 8
        for label, child in node.items():
            units[base ^ label] = child | 1 << 31 if label == 0 else label
            if label:
                waiting.append((base ^ label, child))
    # Any byte is looked up next to any base, so the last block of 256 is whole.
    size = (max(units) | 255) + 1
    return struct.pack(f"<{size}I", *(units.get(position, 0) for position in range(size)))
