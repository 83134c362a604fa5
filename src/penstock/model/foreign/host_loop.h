#pragma once

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <functional>

#include "penstock/model/foreign/tensor_message.h"

// What every process of a foreign runtime does: standard headers alone, as in tensor_message.h.

namespace penstock::model::foreign {

inline bool ReadAll(char* to, size_t size) {
  while (size > 0) {
    const ssize_t count = ::read(0, to, size);
    if (count <= 0) return false;
    to += count;
    size -= static_cast<size_t>(count);
  }
  return true;
}

inline bool WriteMessage(int output, const TensorMessage& message) {
  const std::string bytes = EncodeMessage(message);
  const uint64_t size = bytes.size();
  const std::string whole = std::string(reinterpret_cast<const char*>(&size), 8) + bytes;
  for (size_t done = 0; done < whole.size();) {
    const ssize_t count = ::write(output, whole.data() + done, whole.size() - done);
    if (count <= 0) return false;
    done += static_cast<size_t>(count);
  }
  return true;
}

/// Says on the standard output what `load` says, and then answers each question of the standard input by
/// `run`, until there is no more. Call first of all: what libraries print must not stand among the answers.
/// Gives the exit code.
inline int ServeTensors(const std::function<TensorMessage()>& load,
                        const std::function<TensorMessage(const TensorMessage&)>& run) {
  const int output = ::dup(1);
  ::dup2(2, 1);
  const TensorMessage loaded = load();
  if (!WriteMessage(output, loaded) || !loaded.error.empty()) return 1;
  uint64_t size = 0;
  while (ReadAll(reinterpret_cast<char*>(&size), 8)) {
    std::string bytes(size, '\0');
    TensorMessage question, answer;
    if (!ReadAll(bytes.data(), size)) return 1;
    if (DecodeMessage(bytes, question)) {
      answer = run(question);
    } else {
      answer.error = "a question was cut off";
    }
    if (!WriteMessage(output, answer)) return 1;
  }
  return 0;
}

}  // namespace penstock::model::foreign
