#pragma once

#include "penstock/base/status.h"
#include "penstock/metadata/metadata_store.h"
#include "penstock/runtime/staging.h"

namespace penstock::runtime {

/// Gives up an execution that nobody runs any more, its process having been killed with the
/// whole run: removes the artifact folders it wrote and did not publish, and stores it as
/// failed. What it staged is the caller's, who clears the staging folder under the root's lock.
Status GiveUpInterrupted(metadata::MetadataStore& store, const RunLayout& layout,
                         const metadata::Execution& execution);

}  // namespace penstock::runtime
