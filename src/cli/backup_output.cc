#include "cli/backup_output.h"

#include <algorithm>

#include "base/text.h"
#include "base/units.h"
#include "cli/output.h"

namespace lifeboat::cli {
namespace {

std::vector<std::string> id_texts(const std::vector<vault::BackupId>& ids) {
  std::vector<std::string> texts;
  for (const vault::BackupId& id : ids) texts.push_back(id.text());
  return texts;
}

std::string pruned_text(const std::vector<vault::BackupId>& pruned) {
  return pruned.empty() ? "nothing" : base::join(id_texts(pruned), ", ");
}

// What one vault has of it; a vault that is the only one goes without saying.
void add_delivery(const backup::Delivery& delivery, Fields* fields) {
  fields->emplace_back("vault", delivery.location);
  if (delivery.failure) {
    fields->emplace_back("  failed", delivery.failure->what());
    return;
  }
  fields->emplace_back("  stored", base::format_size(delivery.backup->size_bytes()));
  fields->emplace_back("  pruned", pruned_text(delivery.pruned));
}

base::Json to_json(const backup::Delivery& delivery) {
  base::Json json = base::Json::object();
  json.set("vault", delivery.location)
      .set("ok", !delivery.failure.has_value())
      .set("pruned", base::Json::strings(id_texts(delivery.pruned)));
  if (delivery.failure) {
    json.set("error", delivery.failure->what()).set("hint", delivery.failure->hint());
  }
  return json;
}

}  // namespace

base::Json to_json(const backup::DeliverResult& result) {
  base::Json vaults = base::Json::array();
  for (const auto& delivery : result.deliveries) vaults.push(to_json(delivery));
  const auto first = std::ranges::find_if(
      result.deliveries, [](const auto& delivery) { return delivery.backup.has_value(); });
  return base::Json::object()
      .set("backup", vault::to_json(result.backup()))
      .set("pruned", base::Json::strings(id_texts(first->pruned)))
      .set("vaults", std::move(vaults))
      .set("warnings", base::Json::strings(result.warnings));
}

void print_summary(std::ostream& out, const backup::DeliverResult& result) {
  const vault::Catalog& catalog = result.backup();
  const auto checks = catalog.verified ? catalog.verified->checks : std::vector<std::string>();
  const std::string role = catalog.etcd.leader.value_or(false) ? "leader" : "follower";
  Fields fields{{"backup", catalog.id.text()},
                {"cluster", catalog.cluster},
                {"size", base::format_size(catalog.size_bytes())},
                {"member", base::cat(catalog.etcd.endpoint, " (etcd ", catalog.etcd.version, ", ",
                                     role, ")")},
                {"checks", checks.empty() ? "none" : base::join(checks, ", ")}};
  if (result.deliveries.size() == 1) {
    fields.emplace_back("pruned", pruned_text(result.deliveries.front().pruned));
  } else {
    for (const backup::Delivery& delivery : result.deliveries) add_delivery(delivery, &fields);
  }
  fields.emplace_back("took", base::format_duration(catalog.finished - catalog.started));
  print_fields(out, fields);
}

}  // namespace lifeboat::cli
