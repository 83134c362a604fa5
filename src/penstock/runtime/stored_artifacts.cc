#include "penstock/runtime/stored_artifacts.h"

#include "penstock/base/filesystem.h"
#include "penstock/base/storage_uri.h"

namespace penstock::runtime {
namespace {

using metadata::ArtifactsByName;
using pipeline::Artifact;

/// Whether a run published it there: an importer that knows a URI alone digests that.
bool IsStored(const Artifact& artifact) {
  return fs::IsObjectStorage(artifact.uri) && !artifact.content.IsZero() &&
         artifact.content != DigestOf(artifact.uri);
}

/// Makes `path` the local copy, unless another task was faster.
Status KeepAsFetched(const RunLayout& layout, const std::string& path, const Digest& content) {
  const std::string kept = layout.FetchedPath(content);
  PENSTOCK_RETURN_IF_ERROR(fs::CreateDirectories(fs::DirName(kept)));
  PENSTOCK_ASSIGN_OR_RETURN(bool exists, fs::Exists(kept));
  if (exists) return OkStatus();
  const Status renamed = fs::Rename(path, kept);
  if (renamed.ok()) return OkStatus();
  PENSTOCK_ASSIGN_OR_RETURN(exists, fs::Exists(kept));
  return exists ? OkStatus() : renamed;
}

Status Fetch(const RunLayout& layout, const std::string& staging, const Artifact& artifact) {
  const std::string kept = layout.FetchedPath(artifact.content);
  PENSTOCK_ASSIGN_OR_RETURN(const bool exists, fs::Exists(kept));
  if (exists) return OkStatus();
  // An empty folder, or nothing but properties.
  if (artifact.content == DigestOf("")) return fs::CreateDirectories(kept);
  const std::string folder = fs::Join(staging, "fetched");
  PENSTOCK_RETURN_IF_ERROR(fs::CreateDirectories(folder));
  const std::string path = fs::Join(folder, artifact.content.ToHex());
  PENSTOCK_RETURN_IF_ERROR(
      Annotate(fs::CopyTree(artifact.uri, path), fmt::format("Cannot fetch the {}", artifact.type)));
  PENSTOCK_ASSIGN_OR_RETURN(const Digest found, fs::DigestOfTree(path));
  if (found != artifact.content)
    return DataLoss(
        "The {} at {} is not what was published there (digest {}, published {}): something else has written "
        "below the pipeline root; run with --no-cache to make them again",
        artifact.type, artifact.uri, found.ToHex(), artifact.content.ToHex());
  PENSTOCK_RETURN_IF_ERROR(fs::SyncTree(path));
  return KeepAsFetched(layout, path, artifact.content);
}

}  // namespace

Status UploadArtifact(const RunLayout& layout, const std::string& staged, const Digest& content,
                      const std::string& target) {
  PENSTOCK_RETURN_IF_ERROR(fs::CopyTree(staged, target));
  return KeepAsFetched(layout, staged, content);
}

Result<ArtifactsByName> FetchInputs(const RunLayout& layout, const std::string& staging,
                                    const ArtifactsByName& inputs) {
  ArtifactsByName fetched = inputs;
  for (auto& [name, artifacts] : fetched)
    for (Artifact& artifact : artifacts) {
      if (!IsStored(artifact)) continue;
      PENSTOCK_RETURN_IF_ERROR(Annotate(Fetch(layout, staging, artifact), fmt::format("Input '{}'", name)));
      artifact.uri = layout.FetchedPath(artifact.content);
    }
  return fetched;
}

void NameAsStored(const ArtifactsByName& inputs, const ArtifactsByName& fetched, ArtifactsByName& outputs) {
  std::map<std::string, std::string> uris;  // By the path of the copy.
  for (const auto& [name, artifacts] : inputs)
    for (size_t i = 0; i < artifacts.size(); ++i)
      if (const std::string& path = fetched.at(name)[i].uri; path != artifacts[i].uri)
        uris[path] = artifacts[i].uri;
  if (uris.empty()) return;
  for (auto& [name, artifacts] : outputs)
    for (Artifact& artifact : artifacts) {
      if (const auto uri = uris.find(artifact.uri); uri != uris.end()) artifact.uri = uri->second;
      if (!artifact.properties.is_object()) continue;
      for (auto& property : artifact.properties)
        if (property.is_string())
          if (const auto uri = uris.find(property.get<std::string>()); uri != uris.end())
            property = uri->second;
    }
}

Status RemoveFetched(const RunLayout& layout, const Digest& content) {
  return fs::RemoveAll(layout.FetchedPath(content));
}

}  // namespace penstock::runtime
