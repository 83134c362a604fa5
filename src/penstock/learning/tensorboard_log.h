#pragma once

#include <string>

#include "penstock/base/clock.h"
#include "penstock/learning/learner.h"

namespace penstock::learning {

/// The losses of a training as TensorBoard reads them (`tensorboard --logdir FOLDER`): an event file each for
/// train and validation, with Keras's tag epoch_loss. Not for concurrent use.
class TensorBoardLog {
 public:
  /// Files go to <folder>/train and <folder>/validation. `clock` must outlive this.
  TensorBoardLog(std::string folder, const Clock& clock);

  /// Writes what there is at most once a second, by the clock; a failure shows in Write.
  void Add(const IterationRecord& losses);
  /// Writes all of it.
  Status Write();

 private:
  void Append(double value, int64_t step, std::string& records) const;

  const std::string folder_;
  const Clock& clock_;
  const Timestamp start_;
  Timestamp written_;
  std::string train_;
  std::string validation_;
};

}  // namespace penstock::learning
