// From options to the text of manifests.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "manifests/object.h"
#include "manifests/options.h"

namespace lifeboat::manifests {

// A file of a folder of manifests.
struct File {
  std::string name;
  std::string content;
};

// All the objects of one cluster, in the order in which they are applied.
Objects cluster_objects(const Plan& plan);

// The files, in that order. Throws as `complete` does.
std::vector<File> render(const Options& options);

// The same as one stream of documents.
std::string render_stream(const Options& options);

// The same as one object of the kind List. Throws kInvalid for kustomize, whose files refer to each
// other.
base::Json render_list(const Options& options);

}  // namespace lifeboat::manifests
