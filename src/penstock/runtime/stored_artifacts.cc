#include "penstock/runtime/stored_artifacts.h"

#include <algorithm>
#include <map>

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

/// Inputs by the paths of their local copies.
using Copies = std::map<std::string, const Artifact*>;

/// The copy that `path` names or lies in.
Copies::const_iterator FindCopy(const Copies& copies, const std::string& path) {
  return std::find_if(copies.begin(), copies.end(), [&](const auto& copy) {
    return path.starts_with(copy.first) &&
           (path.size() == copy.first.size() || path[copy.first.size()] == '/');
  });
}

std::string StoredName(const std::string& path, const Copies& copies) {
  const auto copy = FindCopy(copies, path);
  return copy == copies.end() ? path : copy->second->uri + path.substr(copy->first.size());
}

/// Nothing for what is not there.
Result<Digest> ContentOf(const std::string& path, const Copies::value_type& copy) {
  if (path == copy.first) return copy.second->content;
  PENSTOCK_ASSIGN_OR_RETURN(const bool exists, fs::Exists(path));
  return exists ? fs::DigestOfTree(path) : Digest();
}

}  // namespace

Status UploadArtifact(const RunLayout& layout, const std::string& staged, const Digest& content,
                      const std::string& target) {
  PENSTOCK_RETURN_IF_ERROR(fs::CopyTree(staged, target));
  return KeepAsFetched(layout, staged, content);
}

Result<ArtifactsByName> FetchInputs(const RunLayout& layout, const std::string& staging,
                                    const ArtifactsByName& inputs, const CancellationToken& cancellation) {
  ArtifactsByName fetched = inputs;
  for (auto& [name, artifacts] : fetched)
    for (Artifact& artifact : artifacts) {
      if (!IsStored(artifact)) continue;
      PENSTOCK_RETURN_IF_ERROR(cancellation.Check());
      PENSTOCK_RETURN_IF_ERROR(Annotate(Fetch(layout, staging, artifact), fmt::format("Input '{}'", name)));
      artifact.uri = layout.FetchedPath(artifact.content);
    }
  return fetched;
}

Status NameAsStored(const ArtifactsByName& inputs, const ArtifactsByName& fetched, ArtifactsByName& outputs) {
  Copies copies;
  for (const auto& [name, artifacts] : inputs)
    for (size_t i = 0; i < artifacts.size(); ++i)
      if (const std::string& path = fetched.at(name)[i].uri; path != artifacts[i].uri)
        copies[path] = &artifacts[i];
  for (auto& [name, artifacts] : outputs)
    for (Artifact& artifact : artifacts) {
      artifact.content = Digest();
      if (const auto copy = FindCopy(copies, artifact.uri); copy != copies.end()) {
        PENSTOCK_ASSIGN_OR_RETURN(artifact.content, ContentOf(artifact.uri, *copy));
        artifact.uri = StoredName(artifact.uri, copies);
      }
      if (!artifact.properties.is_object()) continue;
      for (auto& property : artifact.properties)
        if (property.is_string()) property = StoredName(property.get<std::string>(), copies);
    }
  return OkStatus();
}

Status RemoveFetched(const RunLayout& layout, const Digest& content) {
  return fs::RemoveAll(layout.FetchedPath(content));
}

}  // namespace penstock::runtime
