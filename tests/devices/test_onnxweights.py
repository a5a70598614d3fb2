"""Where weights lie in a file: what the ONNX library reads there is what stands there."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, numpy_helper

from flightsw.devices.models import load_card, verified_model_path
from flightsw.devices.onnxweights import weight_spans
from flightsw.errors import ConfigError

WILDFIRE = load_card("wildfire")


@pytest.mark.parametrize("variant", [one.name for one in WILDFIRE.variants])
def test_every_weight_that_the_onnx_library_reads_is_found_where_it_lies(variant):
    path = verified_model_path(WILDFIRE, WILDFIRE.variant(variant))
    data, model = path.read_bytes(), onnx.load(path)
    wanted = {
        one.name: numpy_helper.to_array(one)
        for one in model.graph.initializer
        if one.data_type != TensorProto.INT64 and not one.int32_data
    }
    spans = weight_spans(data)
    assert len(spans) == len(wanted) >= 6
    for span in spans:
        assert data[span.start : span.start + span.length] == wanted[span.name].tobytes()


def test_weights_that_are_kept_as_packed_numbers_are_found_too():
    tensor = onnx.helper.make_tensor("w", TensorProto.FLOAT, [3], [1.0, -2.5, 4.0])
    graph = onnx.helper.make_graph([], "g", [], [], [tensor])
    data = onnx.helper.make_model(graph).SerializeToString()
    (span,) = weight_spans(data)
    assert (span.name, span.length) == ("w", 12)
    assert np.frombuffer(data, "<f4", 3, span.start).tolist() == [1.0, -2.5, 4.0]


def test_a_file_that_is_cut_or_no_onnx_is_refused():
    data = verified_model_path(WILDFIRE).read_bytes()
    assert weight_spans(data)
    for spoilt in (data[: len(data) // 2], b"\x7fELF\x02\x01\x01", b"\xff" * 40):
        with pytest.raises(ConfigError, match="not an ONNX file"):
            weight_spans(spoilt)
