#!/usr/bin/env python3
"""What ML Metadata's own client makes of a store.

  mlmd_client.py create FILE   makes an empty store
  mlmd_client.py dump FILE     prints everything it reads, as JSON with names instead of ids
  mlmd_client.py write FILE    adds an execution with an output, as another tool would
  mlmd_client.py fill FILE     makes a store with something in every table
  mlmd_client.py downgrade-N FILE, mlmd_client.py upgrade FILE   as the library does
"""
import json
import sys

from ml_metadata import errors
from ml_metadata import metadata_store
from ml_metadata.proto import metadata_store_pb2


def connect(path):
    return metadata_store.MetadataStore(config_of(path))


def values(properties):
    return {name: getattr(value, value.WhichOneof("value")) for name, value in properties.items()}


def steps(event):
    return [step.key if step.HasField("key") else step.index for step in event.path.steps]


def dump_types(types, base_enum):
    return {t.name: {"base": base_enum.Name(t.base_type) if t.base_type else "",
                     "properties": {name: metadata_store_pb2.PropertyType.Name(kind)
                                    for name, kind in t.properties.items()}}
            for t in types if not t.name.startswith("mlmd.")}


def dump(store):
    artifacts, executions, contexts = store.get_artifacts(), store.get_executions(), store.get_contexts()
    artifact_uri = {a.id: a.uri for a in artifacts}
    execution_name = {e.id: e.name for e in executions}
    context_name = {c.id: c.name for c in contexts}
    events = store.get_events_by_execution_ids(list(execution_name)) if executions else []
    return {
        "artifact_types": dump_types(store.get_artifact_types(),
                                     metadata_store_pb2.ArtifactType.SystemDefinedBaseType),
        "execution_types": dump_types(store.get_execution_types(),
                                      metadata_store_pb2.ExecutionType.SystemDefinedBaseType),
        "context_types": sorted(t.name for t in store.get_context_types()),
        "artifacts": [{"type": a.type, "uri": a.uri, "name": a.name,
                       "state": metadata_store_pb2.Artifact.State.Name(a.state),
                       "properties": values(a.properties), "custom_properties": values(a.custom_properties),
                       "created": a.create_time_since_epoch} for a in artifacts],
        "executions": [{"type": e.type, "name": e.name,
                        "state": metadata_store_pb2.Execution.State.Name(e.last_known_state),
                        "custom_properties": values(e.custom_properties)} for e in executions],
        "events": [[execution_name[v.execution_id], metadata_store_pb2.Event.Type.Name(v.type),
                    artifact_uri[v.artifact_id], steps(v)] for v in events],
        "contexts": [{"type": c.type, "name": c.name,
                      "parents": sorted(p.name for p in store.get_parent_contexts_by_context(c.id)),
                      "executions": sorted(e.name for e in store.get_executions_by_context(c.id)),
                      "artifacts": sorted(a.uri for a in store.get_artifacts_by_context(c.id))}
                     for c in contexts],
        "filtered": [a.uri for a in store.get_artifacts(list_options=metadata_store.ListOptions(
            filter_query="state = LIVE AND properties.span.int_value = 3"))],
        "contexts_of_executions": {name: sorted(context_name[c.id] for c in store.get_contexts_by_execution(key))
                                   for key, name in execution_name.items()},
    }


def write(store):
    model = store.get_artifact_type("Model")
    execution_type = metadata_store_pb2.ExecutionType(name="ForeignTrainer")
    execution = metadata_store_pb2.Execution(type_id=store.put_execution_type(execution_type), name="foreign",
                                             last_known_state=metadata_store_pb2.Execution.COMPLETE)
    artifact = metadata_store_pb2.Artifact(type_id=model.id, uri="/foreign/model",
                                           state=metadata_store_pb2.Artifact.LIVE)
    artifact.custom_properties["auc"].double_value = 0.93
    event = metadata_store_pb2.Event(type=metadata_store_pb2.Event.OUTPUT)
    event.path.steps.add(key="model")
    event.path.steps.add(index=0)
    store.put_execution(execution, [(artifact, event)], [store.get_context_by_type_and_name("pipeline", "taxi")])


def fill(store):
    artifact_type = metadata_store_pb2.ArtifactType(name="Data", description="d", base_type=metadata_store_pb2.ArtifactType.DATASET)
    artifact_type.properties["span"] = metadata_store_pb2.INT
    execution_type = metadata_store_pb2.ExecutionType(name="Job")
    context_type = metadata_store_pb2.ContextType(name="group")
    execution = metadata_store_pb2.Execution(type_id=store.put_execution_type(execution_type), name="job",
                                             last_known_state=metadata_store_pb2.Execution.COMPLETE)
    type_id = store.put_artifact_type(artifact_type)
    pairs = []
    for i, kind in enumerate([metadata_store_pb2.Event.INPUT, metadata_store_pb2.Event.OUTPUT]):
        artifact = metadata_store_pb2.Artifact(type_id=type_id, uri="/data/%d" % i, name="data-%d" % i)
        artifact.properties["span"].int_value = i
        artifact.custom_properties["share"].double_value = 0.25
        artifact.custom_properties["owner"].string_value = "me"
        event = metadata_store_pb2.Event(type=kind, milliseconds_since_epoch=1000 + i)
        event.path.steps.add(key="data")
        event.path.steps.add(index=i)
        pairs.append((artifact, event))
    contexts = [metadata_store_pb2.Context(type_id=store.put_context_type(context_type), name=n) for n in "ab"]
    store.put_execution(execution, pairs, contexts)
    ids = {c.name: c.id for c in store.get_contexts()}
    store.put_parent_contexts([metadata_store_pb2.ParentContext(child_id=ids["b"], parent_id=ids["a"])])


def config_of(path):
    config = metadata_store_pb2.ConnectionConfig()
    config.sqlite.filename_uri = path
    config.sqlite.connection_mode = metadata_store_pb2.SqliteMetadataSourceConfig.READWRITE_OPENCREATE
    return config


def main():
    command, path = sys.argv[1:]
    if command.startswith("downgrade-"):
        try:
            metadata_store.downgrade_schema(config_of(path), int(command.split("-")[1]))
        except errors.CancelledError:
            pass  # How the library says that it is done.
        return
    if command == "upgrade":
        metadata_store.MetadataStore(config_of(path), enable_upgrade_migration=True)
        return
    store = connect(path)
    if command == "dump":
        json.dump(dump(store), sys.stdout, sort_keys=True)
    elif command == "write":
        write(store)
    elif command == "fill":
        fill(store)
    elif command != "create":
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
