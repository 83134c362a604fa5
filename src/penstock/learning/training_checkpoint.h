#pragma once

#include <memory>
#include <optional>
#include <string>

#include "penstock/base/clock.h"
#include "penstock/base/digest.h"
#include "penstock/learning/learner.h"
#include "penstock/learning/training_matrix.h"

namespace penstock::learning {

namespace v1 {
class TrainingCheckpoint;
}

/// What makes a training this one and no other: learner, hyperparameters, seed, transform, the digests of its
/// splits, and the model it starts from.
Digest FingerprintOf(const TrainingRecord& record, const TrainingData& data, const LearnerOptions& options,
                     const Digest& train, const Digest& eval);
/// Of all that is learned from.
Digest DigestOf(const TrainingMatrix& matrix);

/// The checkpoint of one training below a folder. Writes at most every kSeconds, by the clock: when it
/// writes never changes what is learned. Not for concurrent use.
class CheckpointFile {
 public:
  static constexpr int64_t kSeconds = 5;
  static constexpr std::string_view kName = "checkpoint.pb";

  /// An empty folder: nothing is ever kept. `clock` must outlive this.
  CheckpointFile(std::string folder, const Digest& fingerprint, const Clock& clock);

  /// What an earlier attempt at the same training left; none where there is nothing that fits. Damaged ones
  /// count as none: the training begins anew.
  Result<std::unique_ptr<v1::TrainingCheckpoint>> Load() const;
  /// Whether it is time to write.
  bool IsDue() const;
  /// Fills in version and fingerprint and writes.
  Status Save(v1::TrainingCheckpoint& checkpoint);
  /// The training is done.
  Status Remove() const;

 private:
  const std::string folder_;
  const Digest fingerprint_;
  const Clock& clock_;
  Timestamp last_;
};

/// The iterations so far and the best of them, to and from a checkpoint.
void EncodeIterations(const TrainingRecord& record, v1::TrainingCheckpoint& checkpoint);
void DecodeIterations(const v1::TrainingCheckpoint& checkpoint, TrainingRecord& record);

}  // namespace penstock::learning
