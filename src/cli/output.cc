#include "cli/output.h"

#include <algorithm>

#include "base/text.h"
#include "base/units.h"
#include "cli/table.h"

namespace lifeboat::cli {
namespace {

constexpr std::string_view kUnknown = "-";
constexpr std::size_t kValueMaxBytes = 500;

template <typename Number>
std::string number_or_dash(const std::optional<Number>& number) {
  return number ? base::cat(*number) : std::string(kUnknown);
}

std::string text_or_dash(const std::string& text) {
  return text.empty() ? std::string(kUnknown) : text;
}

std::string proven_at(const vault::Catalog& catalog) {
  return catalog.verified ? base::format_time(catalog.verified->at) : std::string("no");
}

bool hold_several_clusters(const std::vector<ListedBackup>& backups) {
  return std::any_of(backups.begin(), backups.end(), [&](const ListedBackup& listed) {
    return listed.backup.catalog.cluster != backups.front().backup.catalog.cluster;
  });
}

// How long ago the newest drill went well; what did not go well counts until one does.
std::string drilled(const std::optional<vault::DrillRecord>& drill, base::TimePoint now) {
  if (!drill) return std::string(kUnknown);
  return drill->ok ? age(drill->at, now) : std::string("failed");
}

base::Json seconds(const std::optional<double>& value) {
  return value ? base::Json(*value) : base::Json();
}

std::string hash_text(const std::optional<vault::CatalogHashKv>& hash) {
  if (!hash) return std::string(kUnknown);
  return base::cat(hash->hash, " at revision ", hash->revision,
                   ", compared with etcd: ", hash->live);
}

std::string id_or_dash(const std::optional<std::uint64_t>& id) {
  return id ? base::to_hex_id(*id) : std::string(kUnknown);
}

std::string member_text(const vault::CatalogEtcd& etcd) {
  if (!etcd.leader) return text_or_dash(etcd.endpoint);
  return base::cat(text_or_dash(etcd.endpoint), *etcd.leader ? ", the leader" : ", a follower");
}

std::string database_text(const vault::CatalogEtcd& etcd) {
  const std::string size = base::format_size(etcd.db_size_bytes);
  if (!etcd.db_size_in_use_bytes) return size;
  return base::cat(size, ", ", base::format_size(*etcd.db_size_in_use_bytes), " in use");
}

Fields general_fields(const vault::StoredBackup& backup) {
  const vault::Catalog& catalog = backup.catalog;
  const std::string took = base::format_duration(catalog.finished - catalog.started);
  return {
      {"cluster", catalog.cluster},
      {"taken", base::cat(base::format_time(catalog.started), ", in ", took)},
      {"by", base::cat(catalog.tool_name, " ", catalog.tool_version)},
      {"method", catalog.method},
      {"platform", catalog.platform},
      {"node", text_or_dash(catalog.node)},
      {"size", base::format_size(catalog.size_bytes())},
      {"pinned", backup.pinned ? "yes" : "no"},
  };
}

Fields etcd_fields(const vault::CatalogEtcd& etcd) {
  return {
      {"version", text_or_dash(etcd.version)},
      {"taken from", member_text(etcd)},
      {"cluster id", id_or_dash(etcd.cluster_id)},
      {"member id", id_or_dash(etcd.member_id)},
      {"raft", base::cat("term ", number_or_dash(etcd.raft_term), ", index ",
                         number_or_dash(etcd.raft_index))},
      {"database", database_text(etcd)},
      {"revision", number_or_dash(etcd.revision)},
      {"compacted at", number_or_dash(etcd.compact_revision)},
      {"keys", number_or_dash(etcd.keys)},
      {"records", number_or_dash(etcd.records)},
      {"leases", number_or_dash(etcd.leases)},
      {"hash", hash_text(etcd.hash_kv)},
  };
}

void print_members(std::ostream& out, const std::vector<vault::CatalogMember>& members) {
  if (members.empty()) return;
  out << "\nMembers\n";
  Fields fields;
  for (const vault::CatalogMember& member : members) {
    const std::string name = member.name.empty() ? "(not started)" : member.name;
    const auto& urls = member.client_urls.empty() ? member.peer_urls : member.client_urls;
    fields.emplace_back(name, base::cat(base::to_hex_id(member.member_id), "  ",
                                        base::join(urls, " "), member.learner ? "  learner" : ""));
  }
  print_fields(out, fields, "  ");
}

void print_files(std::ostream& out, const std::vector<vault::CatalogFile>& files) {
  out << "\nFiles\n";
  for (const vault::CatalogFile& file : files) {
    out << "  " << base::printable(file.name) << '\n';
    Fields fields{
        {"size", base::cat(base::format_size(file.size_bytes), " (", file.size_bytes, " bytes)")},
        {"sha256", file.sha256}};
    if (!file.encoding.empty()) {
      fields.emplace_back("encoding", base::join(file.encoding, ", "));
      fields.emplace_back("plain size", base::format_size(file.plain_size_bytes));
      fields.emplace_back("plain sha256", file.plain_sha256);
    }
    print_fields(out, fields, "    ");
  }
}

void print_proof(std::ostream& out, const vault::Catalog& catalog) {
  out << "\nProof\n";
  const std::vector<std::string> none;
  const auto& checks = catalog.verified ? catalog.verified->checks : none;
  print_fields(out,
               {{"proven", proven_at(catalog)}, {"checks", text_or_dash(base::join(checks, ", "))}},
               "  ");
  if (catalog.warnings.empty()) return;
  out << "\nWarnings\n";
  for (const std::string& warning : catalog.warnings) {
    out << "  " << base::printable(warning, kValueMaxBytes) << '\n';
  }
}

}  // namespace

void print_json(std::ostream& out, const base::Json& document) { out << document.dump() << '\n'; }

base::Json to_json(const vault::StoredBackup& backup) {
  base::Json document = vault::to_json(backup.catalog);
  document.set("pinned", backup.pinned);
  return document;
}

base::Json to_json(const ListedBackup& listed) {
  base::Json drill;
  if (listed.drill) {
    drill = base::Json::object()
                .set("at", base::format_time(listed.drill->at))
                .set("ok", listed.drill->ok)
                .set("restore_seconds", seconds(listed.drill->restore_seconds))
                .set("boot_seconds", seconds(listed.drill->boot_seconds))
                .set("etcd_version", listed.drill->etcd_version);
  }
  return to_json(listed.backup).set("drilled", std::move(drill));
}

void print_list(std::ostream& out, const std::vector<ListedBackup>& backups, base::TimePoint now) {
  using Align = Table::Align;
  const bool several = hold_several_clusters(backups);
  std::vector<Table::Column> columns{{"ID"},
                                     {"AGE", Align::kRight},
                                     {"SIZE", Align::kRight},
                                     {"REVISION", Align::kRight},
                                     {"KEYS", Align::kRight},
                                     {"ETCD"},
                                     {"PROVEN"},
                                     {"DRILLED", Align::kRight},
                                     {"PINNED"}};
  if (several) columns.insert(columns.begin(), {"CLUSTER"});
  Table table(std::move(columns));
  for (const auto& [backup, drill] : backups) {
    const vault::Catalog& catalog = backup.catalog;
    std::vector<std::string> row{catalog.id.text(),
                                 age(catalog.started, now),
                                 base::format_size(catalog.size_bytes()),
                                 number_or_dash(catalog.etcd.revision),
                                 number_or_dash(catalog.etcd.keys),
                                 text_or_dash(catalog.etcd.version),
                                 proven_at(catalog),
                                 drilled(drill, now),
                                 backup.pinned ? "yes" : ""};
    if (several) row.insert(row.begin(), catalog.cluster);
    table.add_row(std::move(row));
  }
  table.print(out);
}

void print_details(std::ostream& out, const vault::StoredBackup& backup) {
  out << "Backup " << backup.catalog.id.text() << '\n';
  print_fields(out, general_fields(backup), "  ");
  out << "\netcd\n";
  print_fields(out, etcd_fields(backup.catalog.etcd), "  ");
  print_members(out, backup.catalog.members);
  print_files(out, backup.catalog.files);
  print_proof(out, backup.catalog);
}

void print_fields(std::ostream& out, const Fields& fields, std::string_view indent) {
  std::size_t width = 0;
  for (const auto& [name, value] : fields) width = std::max(width, name.size());
  for (const auto& [name, value] : fields) {
    out << indent << base::printable(name) << std::string(width - name.size() + 2, ' ')
        << base::printable(value, kValueMaxBytes) << '\n';
  }
}

std::string age(base::TimePoint time, base::TimePoint now) {
  return time <= now ? base::format_duration(now - time)
                     : "in " + base::format_duration(time - now);
}

}  // namespace lifeboat::cli
