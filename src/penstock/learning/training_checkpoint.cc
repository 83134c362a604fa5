#include "penstock/learning/training_checkpoint.h"

#include <penstock/training.pb.h>

#include "penstock/base/filesystem.h"
#include "penstock/base/proto_io.h"
#include "penstock/transform/transform_graph.h"

namespace penstock::learning {
namespace {

constexpr uint32_t kFormatVersion = 1;

template <class T>
std::string_view BytesOf(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

}  // namespace

Digest DigestOf(const TrainingMatrix& matrix) {
  DigestBuilder digest;
  digest.Add(BytesOf(matrix.values)).Add(BytesOf(matrix.labels)).Add(BytesOf(matrix.weights));
  return digest.Add(BytesOf(matrix.query_ends)).Finish();
}

Digest FingerprintOf(const TrainingRecord& record, const TrainingData& data, const LearnerOptions& options,
                     const Digest& train, const Digest& eval) {
  DigestBuilder digest;
  digest.Add("training/2").Add(record.learner).Add(record.hyperparameters.dump());
  digest.Add(static_cast<int64_t>(record.random_seed)).Add(data.transform->Serialize());
  if (options.warm_start != nullptr) {
    const Result<std::string> model = options.warm_start->Encode();
    digest.Add(model.ok() ? *model : std::string());
  }
  return digest.Add(train).Add(eval).Finish();
}

CheckpointFile::CheckpointFile(std::string folder, const Digest& fingerprint, const Clock& clock)
    : folder_(std::move(folder)), fingerprint_(fingerprint), clock_(clock), last_(clock.Now()) {}

Result<std::unique_ptr<v1::TrainingCheckpoint>> CheckpointFile::Load() const {
  if (folder_.empty()) return nullptr;
  const Result<std::string> bytes = fs::ReadFile(fs::Join(folder_, kName));
  if (bytes.status().code() == StatusCode::kNotFound) return nullptr;
  if (!bytes.ok()) return bytes.status();
  auto checkpoint = std::make_unique<v1::TrainingCheckpoint>();
  const bool fits = checkpoint->ParseFromString(*bytes) && checkpoint->format_version() == kFormatVersion &&
                    checkpoint->fingerprint() == fingerprint_.ToHex();
  if (!fits) return nullptr;
  return checkpoint;
}

bool CheckpointFile::IsDue() const {
  return !folder_.empty() && clock_.Now().micros - last_.micros >= kSeconds * 1'000'000;
}

Status CheckpointFile::Save(v1::TrainingCheckpoint& checkpoint) {
  checkpoint.set_format_version(kFormatVersion);
  checkpoint.set_fingerprint(fingerprint_.ToHex());
  PENSTOCK_RETURN_IF_ERROR(
      fs::WriteFileAtomically(fs::Join(folder_, kName), SerializeDeterministically(checkpoint)));
  last_ = clock_.Now();
  return OkStatus();
}

Status CheckpointFile::Remove() const {
  return folder_.empty() ? OkStatus() : fs::RemoveAll(fs::Join(folder_, kName));
}

void EncodeIterations(const TrainingRecord& record, v1::TrainingCheckpoint& checkpoint) {
  for (const IterationRecord& iteration : record.iterations) {
    v1::TrainingCheckpoint::Iteration& out = *checkpoint.add_iterations();
    out.set_train_loss(iteration.train_loss);
    out.set_eval_loss(iteration.eval_loss);
  }
  checkpoint.set_best_iteration(record.best_iteration);
  checkpoint.set_best_eval_loss(record.best_eval_loss);
}

void DecodeIterations(const v1::TrainingCheckpoint& checkpoint, TrainingRecord& record) {
  for (const v1::TrainingCheckpoint::Iteration& iteration : checkpoint.iterations()) {
    const auto index = static_cast<int64_t>(record.iterations.size()) + 1;
    record.iterations.push_back({index, iteration.train_loss(), iteration.eval_loss()});
  }
  record.best_iteration = checkpoint.best_iteration();
  record.best_eval_loss = checkpoint.best_eval_loss();
}

}  // namespace penstock::learning
