#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "penstock/base/catalog.h"
#include "penstock/pipeline/executor.h"

namespace penstock::pipeline {

enum class ParameterType { kString, kInteger, kDouble, kBoolean, kList, kStruct };

struct PortDescription {
  std::string name;           ///< "examples"
  std::string artifact_type;  ///< "Examples"
  std::string help;           ///< One line.
  bool is_optional = false;   ///< Inputs only: the node runs without it.
  /// Inputs only: in YAML, wired unasked only to an output of the same name (a baseline
  /// model must not be mistaken for the model).
  bool is_wired_by_name_only = false;
};

struct ParameterDescription {
  std::string name;
  ParameterType type = ParameterType::kString;
  std::string help;
  /// Null: required (unless is_optional). Otherwise of `type`.
  nlohmann::json default_value;
  bool is_optional = false;  ///< May be left out without a default.
  /// The value is a path of a file or folder outside the pipeline whose content counts: a relative one is
  /// taken from the pipeline file's folder, and the digest of what it names goes into the cache key.
  bool is_external_path = false;
  /// The path is only written to (a push destination): relative like the above, never digested.
  bool is_destination = false;
  /// The value names data that change without a trace and can be digested only by reading them (a database):
  /// a task that is given one runs every time, and what follows is cached by what it wrote. A relative
  /// "scheme:path" is taken from the pipeline file's folder.
  bool is_live_source = false;
};

/// A component, described once: the builder, the YAML front end, the compiler, `penstock components` and the
/// docs read this.
struct ComponentDescription {
  std::string type;     ///< "StatisticsGen": what YAML names.
  std::string help;     ///< One line.
  std::string version;  ///< Part of the cache key; raise it whenever equal inputs give other outputs.
  std::vector<PortDescription> inputs;
  std::vector<PortDescription> outputs;
  std::vector<ParameterDescription> parameters;
  /// False: run every time (a push has an effect outside the store).
  bool is_cacheable = true;
  /// Not empty: no executor; the launcher answers from the metadata store by this policy.
  /// "latest_blessed_model": input `model` (the candidate) -> output `baseline_model`, the
  /// latest blessed model published before the candidate; none yet: an empty output.
  std::string resolver_policy;
};

struct Component {
  ComponentDescription description;
  std::function<std::unique_ptr<Executor>()> make_executor;
  /// What can be said of resolved parameters before anything runs (a features file that does
  /// not parse, an input that is not there). May be empty.
  std::function<Status(const std::map<std::string, nlohmann::json>&)> check_parameters;
};

/// Component type -> component; filled in apps/, never by static initialisers.
using ComponentCatalog = Catalog<Component>;

}  // namespace penstock::pipeline
