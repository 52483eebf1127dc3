"""Builds classes for protobuf messages from a short table, so that no generated code and no compiler is needed.

The format packages (caffe, bigdl) own their tables; this module only turns them into messages.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_SCALARS = ("double", "float", "int64", "int32", "bool", "string", "bytes", "uint32")


def message_classes(package: str, messages: Mapping[str, str], enums: Mapping[str, str]) -> dict[str, Any]:
    """Return name → class for a table of messages, in the wire format of proto2.

    Args:
        package: names the messages apart from those of other formats.
        messages: name → fields as "number name type default", separated by semicolons. A star after the type makes a
            field repeated; a type that is no scalar is the name of a message or an enum.
        enums: name → values as "NAME number NAME number …".

    Packed numbers can be declared `bytes*`: their bytes then come as they are, ready for `numpy.frombuffer`.

    Example:
        >>> classes = message_classes("example", {"Point": "1 x int32 7; 2 kind Kind"}, {"Kind": "ROUND 0 FLAT 1"})
        >>> classes["Point"].FromString(bytes([16, 1])).x
        7
    """
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    name = f"zoo_lab.{package}"
    file = descriptor_pb2.FileDescriptorProto(name=f"{name}.proto", package=name, syntax="proto2")
    for title, values in enums.items():
        # The values of enums share one scope, so each enum gets a message of its own around it.
        enum = file.message_type.add(name=f"{title}Scope").enum_type.add(name=title)
        words = values.split()
        for label, number in zip(words[::2], words[1::2], strict=True):
            enum.value.add(name=label, number=int(number))
    for title, fields in messages.items():
        message = file.message_type.add(name=title)
        for field in filter(None, map(str.split, fields.split(";"))):
            _add_field(message, field, name, enums)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {title: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{name}.{title}")) for title in messages}


def _add_field(message: Any, words: list[str], package: str, enums: Mapping[str, str]) -> None:
    number, name, kind, *default = words
    field = message.field.add(name=name, number=int(number))
    field.label = field.LABEL_REPEATED if kind.endswith("*") else field.LABEL_OPTIONAL
    kind = kind.rstrip("*")
    if kind in _SCALARS:
        field.type = getattr(field, f"TYPE_{kind.upper()}")
    elif kind in enums:
        field.type = field.TYPE_ENUM
        field.type_name = f".{package}.{kind}Scope.{kind}"
    else:
        field.type = field.TYPE_MESSAGE
        field.type_name = f".{package}.{kind}"
    if default:
        field.default_value = default[0]
