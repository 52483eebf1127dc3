"""The messages of BigDL's module files; field numbers are those of bigdl.proto.

Maps are lists of entries, which is the same on the wire; numbers of storages stay bytes.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from zoo_lab.net.schema import message_classes

# What AttrValue.dataType says is in it.
INT32, INT64, FLOAT, DOUBLE, STRING, BOOL = range(6)
TENSOR, MODULE, NAME_ATTR_LIST, ARRAY_VALUE, DATA_FORMAT, SHAPE = 10, 13, 14, 15, 16, 18

_ENUMS: dict[str, str] = {}

_MESSAGES = {
    "Module": "1 name string; 2 subModules Module*; 3 weight Tensor; 4 bias Tensor; 5 preModules string*; "
    "6 nextModules string*; 7 moduleType string; 8 attr Attribute*; 9 version string; 10 train bool; "
    "11 namePostfix string; 12 id int32; 13 inputShape Shape; 14 outputShape Shape; 15 hasParameters bool; "
    "16 parameters Tensor*; 17 isMklInt8Enabled bool",
    "Tensor": "1 datatype int32; 2 size int32*; 3 stride int32*; 4 offset int32; 5 dimension int32; 6 nElements int32; "
    "7 isScalar bool; 8 storage Storage; 9 id int32; 10 tensorType int32",
    "Storage": "1 datatype int32; 2 float_data bytes*; 3 double_data bytes*; 6 int_data bytes*; 7 long_data bytes*; "
    "9 id int32",
    "Attribute": "1 key string; 2 value Value",
    "Value": "1 dataType int32; 2 subType string; 3 int32Value int32; 4 int64Value int64; 5 floatValue float; "
    "6 doubleValue double; 7 stringValue string; 8 boolValue bool; 10 tensorValue Tensor; 13 bigDLModuleValue Module; "
    "14 nameAttrListValue AttributeList; 15 arrayValue Array; 16 dataFormatValue int32; 18 shape Shape",
    "Array": "1 size int32; 2 datatype int32; 3 i32 int32*; 4 i64 int64*; 5 flt float*; 6 dbl double*; 7 str string*; "
    "8 boolean bool*; 10 tensor Tensor*; 13 bigDLModule Module*; 14 nameAttrList AttributeList*; 15 dataFormat int32*; "
    "17 shape Shape*",
    "AttributeList": "1 name string; 2 attr Attribute*",
    "Shape": "1 shapeType int32; 2 ssize int32; 3 shapeValue int32*; 4 shape Shape*",
}


@cache
def classes() -> dict[str, Any]:
    """Return name → message class: Module, and those inside it."""
    return message_classes("bigdl", _MESSAGES, _ENUMS)
