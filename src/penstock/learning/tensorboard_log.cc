#include "penstock/learning/tensorboard_log.h"

#include <penstock/tensorboard_event.pb.h>

#include "penstock/base/filesystem.h"
#include "penstock/base/proto_io.h"
#include "penstock/data/tfrecord/record_writer.h"

namespace penstock::learning {
namespace {

constexpr int64_t kWriteMicros = 1'000'000;

double Seconds(Timestamp time) { return static_cast<double>(time.micros) * 1e-6; }

}  // namespace

TensorBoardLog::TensorBoardLog(std::string folder, const Clock& clock)
    : folder_(std::move(folder)), clock_(clock), start_(clock.Now()), written_(start_) {
  tensorboard::Event event;
  event.set_wall_time(Seconds(start_));
  event.set_file_version("brain.Event:2");
  data::tfrecord::AppendRecord(SerializeDeterministically(event), train_);
  validation_ = train_;
}

void TensorBoardLog::Append(double value, int64_t step, std::string& records) const {
  tensorboard::Event event;
  event.set_wall_time(Seconds(clock_.Now()));
  event.set_step(step);
  tensorboard::Summary::Value& scalar = *event.mutable_summary()->add_value();
  scalar.set_tag("epoch_loss");
  scalar.set_simple_value(static_cast<float>(value));
  data::tfrecord::AppendRecord(SerializeDeterministically(event), records);
}

void TensorBoardLog::Add(const IterationRecord& losses) {
  Append(losses.train_loss, losses.iteration, train_);
  Append(losses.eval_loss, losses.iteration, validation_);
  if (clock_.Now().micros - written_.micros >= kWriteMicros) Write().IgnoreError();  // The last one reports.
}

Status TensorBoardLog::Write() {
  written_ = clock_.Now();
  const std::string name = fmt::format("events.out.tfevents.{}.penstock", start_.micros / 1'000'000);
  PENSTOCK_RETURN_IF_ERROR(fs::WriteFileAtomically(fs::Join(fs::Join(folder_, "train"), name), train_));
  return fs::WriteFileAtomically(fs::Join(fs::Join(folder_, "validation"), name), validation_);
}

}  // namespace penstock::learning
