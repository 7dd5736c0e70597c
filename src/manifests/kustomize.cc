#include "manifests/kustomize.h"

#include "base/text.h"
#include "manifests/alerts.h"
#include "manifests/checks.h"
#include "manifests/cron_job.h"
#include "manifests/storage.h"

namespace lifeboat::manifests {
namespace {

using base::Json;

constexpr const char* kFile = "kustomization.yaml";
// A patch is no object: by this name nobody who takes every YAML file of a folder takes it for one.
constexpr const char* kSettingsFile = "settings.patch";

Json make_kustomization() {
  return map({{"apiVersion", "kustomize.config.k8s.io/v1beta1"}, {"kind", "Kustomization"}});
}

// Only what says which object it is.
Json reference(const Object& object) {
  const Json& metadata = *object.value.find("metadata");
  return map({{"apiVersion", *object.value.find("apiVersion")},
              {"kind", *object.value.find("kind")},
              {"metadata", map({{"name", *metadata.find("name")},
                                {"namespace", *metadata.find("namespace")}})}});
}

// `member` of the object, whole.
Object patch(const Object& object, const char* member) {
  Json value = reference(object);
  value.set(member, *object.value.find(member));
  return {kSettingsFile, "", std::move(value), {}};
}

Object schedule_patch(const Object& cron_job) {
  const Json& spec = *cron_job.value.find("spec");
  Json value = reference(cron_job);
  value.set("spec",
            map({{"schedule", *spec.find("schedule")}, {"timeZone", *spec.find("timeZone")}}));
  return {kSettingsFile, "", std::move(value), {}};
}

// Which clusters a folder for the hub is about.
std::string about_fleet(const Plan& plan) {
  const std::string clusters = base::cat("clusters of the set ", plan.options.cluster_set);
  return plan.options.environment.empty()
             ? base::cat("For all ", clusters, ", whatever their environment.")
             : base::cat("For those ", clusters,
                         " that have the label environment=", plan.options.environment,
                         ". Complete in itself: what is tried here is "
                         "promoted by rendering the next environment anew.");
}

Json image_entry(const Plan& plan) {
  const ImageParts image = split_image(plan.options.image);
  Json entry = map({{"name", image.name}, {"newName", image.name}});
  if (!image.digest.empty()) {
    entry.set("digest", image.digest);
  } else if (!image.tag.empty()) {
    entry.set("newTag", image.tag);
  }
  return entry;
}

}  // namespace

Object kustomization(const Plan& plan, const Objects& objects) {
  Json files = Json::array();
  std::string last;
  for (const Object& object : objects) {
    if (object.file != last) files.push(object.file);
    last = object.file;
  }
  Json value = make_kustomization();
  value.set("resources", std::move(files));
  Object result{kFile, "", {}, {}};
  if (plan.options.format == Format::kKustomize) {
    value.set("images", list({image_entry(plan)}));
    result.comments["/images"] = "newName: where the cluster pulls the image from.";
  }
  if (plan.options.format == Format::kAcmPolicy) result.about = about_fleet(plan);
  result.value = std::move(value);
  return result;
}

Objects overlay(const Plan& plan) {
  Json value = make_kustomization();
  value.set("bases", list({"../../base"})).set("patchesStrategicMerge", list({kSettingsFile}));
  Objects objects{{kFile, "", std::move(value), {}}};
  objects.front().comments["/bases"] =
      "In words that every kubectl since 1.14 understands; later ones have new words for both.";
  objects.push_back(patch(config_objects(plan).front(), "data"));
  for (const Object& volume : storage_objects(plan)) objects.push_back(patch(volume, "spec"));
  objects.push_back(schedule_patch(cron_job_objects(plan).front()));
  for (const Object& rule : alert_objects(plan)) objects.push_back(patch(rule, "spec"));
  return objects;
}

}  // namespace lifeboat::manifests
