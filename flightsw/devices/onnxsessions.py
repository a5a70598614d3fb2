"""Sessions of onnxruntime as flight software makes them: one thread, in order; outputs depend on the inputs alone.

Called by whatever runs a network: the payload's, the telemetry's, and the commands that measure one.
"""

from __future__ import annotations

from typing import Any

from flightsw.errors import ConfigError

CPU = "cpu"
PROVIDERS: dict[str, tuple[str, dict[str, str]]] = {
    CPU: ("CPUExecutionProvider", {}),
    "cuda": ("CUDAExecutionProvider", {"use_tf32": "0"}),
    "tensorrt": ("TensorrtExecutionProvider", {}),
}
"""onnxruntime's names of what may compute, with their options. Golden answers are of full precision"""


def check_provider(provider: str) -> None:
    """Raises ConfigError: none of ours, or this onnxruntime hasn't it."""
    import onnxruntime as ort

    there = [name for name, (full, _) in PROVIDERS.items() if full in ort.get_available_providers()]
    if provider not in there:
        raise ConfigError(f"provider = {provider!r}: this machine's onnxruntime has {', '.join(there)}")


def session_of(data: bytes, where: str, provider: str = CPU) -> Any:
    """onnxruntime's session of a file's bytes. Raises ConfigError: no model that it loads, or not by the provider."""
    import onnxruntime as ort  # a run without execution never pays for the import

    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.use_deterministic_compute = True
    options.log_severity_level = 4
    try:
        session = ort.InferenceSession(data, options, providers=[PROVIDERS[provider]])
    except Exception as error:  # noqa: BLE001  # onnxruntime raises a type of its own for each status, without a root
        raise ConfigError(f"{where}: not a model that onnxruntime loads: {first_line(error)}") from None
    if session.get_providers()[:1] != [PROVIDERS[provider][0]]:  # it falls back without a word
        raise ConfigError(f"{where}: provider {provider} wasn't taken up: {', '.join(session.get_providers())}")
    return session


def first_line(error: Exception) -> str:
    """What a runtime's error says, in a line."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
