#pragma once

#include <memory>
#include <string>

#include "penstock/base/status.h"
#include "penstock/learning/boosted_trees/booster.h"

namespace penstock::learning {

/// The loaded plug-in. A cheap value; the library stays loaded until the process ends.
class BoosterLibrary {
 public:
  /// Loads libpenstock_boosted_trees.so from `folder`. kFailedPrecondition says what is not installed and how
  /// to install it.
  static Result<BoosterLibrary> Load(const std::string& folder);

  /// Where plug-ins lie: the environment's PENSTOCK_PLUGIN_DIR, or ../lib/penstock beside this program.
  static std::string DefaultFolder();

  Result<std::unique_ptr<Booster>> Make(const BoosterParameters& parameters, const BoosterMatrix& train,
                                        const BoosterMatrix& eval, int num_threads) const;

 private:
  explicit BoosterLibrary(MakeBoosterFunction make) : make_(make) {}

  MakeBoosterFunction make_;
};

}  // namespace penstock::learning
