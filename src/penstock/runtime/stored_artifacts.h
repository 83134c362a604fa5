#pragma once

#include <string>

#include "penstock/base/execution.h"
#include "penstock/base/status.h"
#include "penstock/metadata/metadata_store.h"
#include "penstock/runtime/task_files.h"

namespace penstock::runtime {

/// Artifacts that lie in object storage, for tasks that know local files alone. What a task staged is
/// uploaded whole before the store names it; what it reads is fetched once into a folder by its digest and
/// checked against that digest, so a damaged or changed object is never read. What this machine uploaded it
/// need not fetch. The copies may be removed whenever nothing runs.

/// Uploads the staged file or tree, whose digest is `content`, to the URI `target`, and keeps it as the local
/// copy. What a kill leaves below `target` no artifact names; Discard and GiveUpInterrupted remove it.
Status UploadArtifact(const RunLayout& layout, const std::string& staged, const Digest& content,
                      const std::string& target);

/// `inputs` with local copies in place of what runs stored in object storage; what was imported by its URI
/// alone stays as it is, for its readers to open. Fetches below `staging` first. kDataLoss: what lies there
/// is not what was published; kCancelled, looked at before each artifact. Safe from any thread.
Result<metadata::ArtifactsByName> FetchInputs(const RunLayout& layout, const std::string& staging,
                                              const metadata::ArtifactsByName& inputs,
                                              const CancellationToken& cancellation);

/// Puts the URIs of `inputs` in place of the paths of their local copies, or of what lies in those, in the
/// URIs and text properties that a task reports of its `outputs`. An output that is (in) an input has its
/// content from there; all others have none afterwards, whatever the task says.
Status NameAsStored(const metadata::ArtifactsByName& inputs, const metadata::ArtifactsByName& fetched,
                    metadata::ArtifactsByName& outputs);

/// Removes the local copy of an artifact, if there is one.
Status RemoveFetched(const RunLayout& layout, const Digest& content);

}  // namespace penstock::runtime
