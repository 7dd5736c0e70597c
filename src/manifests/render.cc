#include "manifests/render.h"

#include "base/error.h"
#include "base/text.h"
#include "manifests/access.h"
#include "manifests/alerts.h"
#include "manifests/cron_job.h"
#include "manifests/etcd_client.h"
#include "manifests/kustomize.h"
#include "manifests/namespace.h"
#include "manifests/network_policy.h"
#include "manifests/policy.h"
#include "manifests/storage.h"

namespace lifeboat::manifests {
namespace {

using base::cat;
using base::Json;

Objects with_kustomization(const Plan& plan, Objects objects) {
  objects.insert(objects.begin(), kustomization(plan, objects));
  return objects;
}

Objects all_objects(const Plan& plan) {
  switch (plan.options.format) {
    case Format::kAcmPolicy:
      return policy_objects(plan);
    case Format::kKustomize:
      return plan.options.environment.empty() ? with_kustomization(plan, cluster_objects(plan))
                                              : overlay(plan);
    case Format::kKubernetes:
      break;
  }
  return cluster_objects(plan);
}

std::string document(const Object& object) {
  std::string text = "---\n";
  if (!object.about.empty()) text += yaml_comment(object.about);
  return text + write_yaml(object.value, object.comments);
}

std::vector<File> to_files(const Objects& objects) {
  std::vector<File> files;
  for (const Object& object : objects) {
    if (files.empty() || files.back().name != object.file) files.push_back({object.file, ""});
    files.back().content += document(object);
  }
  return files;
}

}  // namespace

Objects cluster_objects(const Plan& plan) {
  Objects objects;
  for (const auto& make : {&namespace_objects, &access_objects, &storage_objects, &config_objects,
                           &etcd_client_objects, &network_policy_objects, &cron_job_objects,
                           &inspect_objects, &alert_objects}) {
    for (Object& object : make(plan)) objects.push_back(std::move(object));
  }
  return objects;
}

std::vector<File> render(const Options& options) {
  const Plan plan = make_plan(options);
  Objects objects = all_objects(plan);
  const bool is_folder = plan.options.format == Format::kAcmPolicy;
  return to_files(is_folder ? with_kustomization(plan, std::move(objects)) : std::move(objects));
}

std::string render_stream(const Options& options) {
  const Plan plan = make_plan(options);
  std::string text;
  for (const File& file : to_files(all_objects(plan))) {
    // Only there the name means something: one file names the others.
    if (plan.options.format == Format::kKustomize) text += cat("# ", file.name, "\n");
    text += file.content;
  }
  return text;
}

Json render_list(const Options& options) {
  const Plan plan = make_plan(options);
  if (plan.options.format == Format::kKustomize) {
    throw base::Error(base::Code::kInvalid, "--format kustomize is a folder of YAML files",
                      "leave out -o json, or use --format kubernetes");
  }
  Json items = Json::array();
  for (const Object& object : all_objects(plan)) items.push(object.value);
  return map({{"apiVersion", "v1"}, {"kind", "List"}, {"items", std::move(items)}});
}

}  // namespace lifeboat::manifests
