#include "vault/catalog.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "base/bytes.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/text.h"
#include "vault/encoding.h"

namespace lifeboat::vault {
namespace {

using base::cat;
using base::Json;

[[noreturn]] void refuse(std::string_view what) {
  throw base::Error(base::Code::kCorrupt, cat("is no catalog: ", what),
                    "restore the file from a copy of the vault; until then this backup does not "
                    "count, and it is never removed");
}

// A JSON object that must have members of given types; messages name a member by its whole path,
// such as "etcd.hash_kv.revision". Borrows the object.
class Fields {
 public:
  Fields(const Json& json, std::string path) : json_(json), path_(std::move(path)) {
    if (json.as_object() == nullptr) refuse(cat(path_, " is not an object"));
  }

  bool has(std::string_view name) const { return json_.find(name) != nullptr; }
  Fields child(std::string_view name) const { return {need(name), path_of(name)}; }

  std::string text(std::string_view name) const {
    const std::string* value = need(name).as_string();
    if (value == nullptr) refuse(cat(path_of(name), " is not a text"));
    return *value;
  }
  std::uint64_t count(std::string_view name) const {
    return as(need(name).as_uint(), name, "is not a whole number from 0 on");
  }
  std::int64_t integer(std::string_view name) const {
    return as(need(name).as_int(), name, "is not a whole number");
  }
  bool flag(std::string_view name) const {
    return as(need(name).as_bool(), name, "is neither true nor false");
  }
  base::TimePoint time(std::string_view name) const {
    return as(base::parse_time(text(name)), name, "is not a time such as 2026-11-21T06:00:00.123Z");
  }
  std::uint64_t hex_id(std::string_view name) const;
  std::string sha256(std::string_view name) const;
  std::vector<std::string> texts(std::string_view name) const;
  std::vector<Fields> children(std::string_view name) const;

  [[noreturn]] void refuse_member(std::string_view name, std::string_view why) const {
    refuse(cat(path_of(name), " ", why));
  }

 private:
  std::string path_of(std::string_view name) const {
    return path_.empty() ? std::string(name) : cat(path_, ".", name);
  }
  const Json& need(std::string_view name) const {
    const Json* value = json_.find(name);
    if (value == nullptr) refuse(cat(path_of(name), " is missing"));
    return *value;
  }
  const Json::Array& array(std::string_view name) const {
    const Json::Array* value = need(name).as_array();
    if (value == nullptr) refuse(cat(path_of(name), " is not a list"));
    return *value;
  }
  template <typename T>
  T as(const std::optional<T>& value, std::string_view name, std::string_view problem) const {
    if (!value) refuse(cat(path_of(name), " ", problem));
    return *value;
  }

  const Json& json_;
  std::string path_;
};

std::uint64_t Fields::hex_id(std::string_view name) const {
  const std::string digits = text(name);
  std::uint64_t id = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), id, 16);
  // One text for one id, as etcdctl prints it.
  if (base::to_hex_id(id) != digits) refuse_member(name, "is not an id in lower-case hexadecimal");
  return id;
}

constexpr std::size_t kSha256Digits = 64;

bool is_sha256(std::string_view digits) {
  return digits.size() == kSha256Digits &&
         digits.find_first_not_of("0123456789abcdef") == digits.npos;
}

std::string Fields::sha256(std::string_view name) const {
  std::string digits = text(name);
  if (!is_sha256(digits)) {
    refuse_member(name, "is not a SHA-256 in lower-case hexadecimal");
  }
  return digits;
}

std::vector<std::string> Fields::texts(std::string_view name) const {
  std::vector<std::string> result;
  for (const Json& element : array(name)) {
    const std::string* value = element.as_string();
    if (value == nullptr) refuse_member(name, "is not a list of texts");
    result.push_back(*value);
  }
  return result;
}

std::vector<Fields> Fields::children(std::string_view name) const {
  std::vector<Fields> result;
  for (const Json& element : array(name)) {
    result.emplace_back(element, cat(path_of(name), "[", result.size(), "]"));
  }
  return result;
}

// What follows reads one struct a function, members in the order of the paper.

void check_format(const Fields& fields) {
  const std::int64_t format = fields.integer("format");
  if (format < 1) fields.refuse_member("format", "is below 1");
  if (format > kCatalogFormat) {
    throw base::Error(base::Code::kUnsupported,
                      cat("was written by a newer version (format ", format, "; this one reads ",
                          kCatalogFormat, ")"),
                      "use the version of lifeboat that made this backup, or a newer one");
  }
}

BackupId decode_id(const Fields& fields) {
  const auto id = BackupId::parse(fields.text("id"));
  if (!id) fields.refuse_member("id", "is no backup id");
  return *id;
}

std::string decode_cluster(const Fields& fields) {
  std::string cluster = fields.text("cluster");
  if (!is_cluster_name(cluster)) fields.refuse_member("cluster", "is no cluster name");
  return cluster;
}

CatalogHashKv decode_hash_kv(const Fields& fields) {
  CatalogHashKv hash_kv;
  hash_kv.revision = fields.integer("revision");
  hash_kv.compact_revision = fields.integer("compact_revision");
  const std::uint64_t hash = fields.count("hash");
  if (hash > UINT32_MAX) fields.refuse_member("hash", "is more than 32 bits");
  hash_kv.hash = static_cast<std::uint32_t>(hash);
  hash_kv.live = fields.text("live");
  return hash_kv;
}

CatalogEtcd decode_etcd(const Fields& fields) {
  CatalogEtcd etcd;
  if (fields.has("version")) etcd.version = fields.text("version");
  if (fields.has("cluster_id")) etcd.cluster_id = fields.hex_id("cluster_id");
  if (fields.has("member_id")) etcd.member_id = fields.hex_id("member_id");
  if (fields.has("endpoint")) etcd.endpoint = fields.text("endpoint");
  if (fields.has("leader")) etcd.leader = fields.flag("leader");
  if (fields.has("revision")) etcd.revision = fields.integer("revision");
  if (fields.has("compact_revision")) etcd.compact_revision = fields.integer("compact_revision");
  if (fields.has("raft_term")) etcd.raft_term = fields.count("raft_term");
  if (fields.has("raft_index")) etcd.raft_index = fields.count("raft_index");
  etcd.db_size_bytes = fields.count("db_size");
  if (fields.has("db_size_in_use")) etcd.db_size_in_use_bytes = fields.count("db_size_in_use");
  if (fields.has("keys")) etcd.keys = fields.count("keys");
  if (fields.has("records")) etcd.records = fields.count("records");
  if (fields.has("leases")) etcd.leases = fields.count("leases");
  if (fields.has("hash_kv")) etcd.hash_kv = decode_hash_kv(fields.child("hash_kv"));
  return etcd;
}

CatalogMember decode_member(const Fields& fields) {
  return {.name = fields.text("name"),
          .member_id = fields.hex_id("member_id"),
          .peer_urls = fields.texts("peer_urls"),
          .client_urls = fields.texts("client_urls"),
          .learner = fields.flag("learner")};
}

// A name that stays in the folder it is put to, and harmless on a terminal.
bool is_plain_name(const std::string& name) {
  constexpr std::size_t kNameBytesMax = 255;
  return !name.empty() && name.size() <= kNameBytesMax && name.front() != '.' &&
         name.find('/') == std::string::npos && base::printable(name, kNameBytesMax) == name;
}

// Names that a backup's folder has for other things.
bool is_reserved(std::string_view name) { return name == kCatalogName || name == kPinnedName; }

// No two files may meet in one name, be it as they are stored or once they are decoded.
void check_names(const Fields& fields, const std::vector<CatalogFile>& files) {
  std::set<std::string> stored;
  std::set<std::string> plain;
  for (const CatalogFile& file : files) {
    if (is_reserved(file.name) || is_reserved(plain_name(file))) {
      fields.refuse_member("files", cat("has a file that is called ", file.name));
    }
    if (!stored.insert(file.name).second || !plain.insert(plain_name(file)).second) {
      fields.refuse_member("files", cat("names ", plain_name(file), " twice"));
    }
  }
}

CatalogFile decode_file(const Fields& fields) {
  CatalogFile file;
  file.role = fields.text("role");
  file.name = fields.text("name");
  if (!is_plain_name(file.name)) fields.refuse_member("name", "is no plain file name");
  file.size_bytes = fields.count("size");
  file.sha256 = fields.sha256("sha256");
  file.encoding = fields.texts("encoding");
  file.plain_size_bytes = fields.count("plain_size");
  file.plain_sha256 = fields.sha256("plain_sha256");
  if (fields.has("fingerprint")) file.fingerprint = fields.text("fingerprint");
  return file;
}

Catalog decode_document(const Fields& fields) {
  check_format(fields);
  Catalog catalog;
  catalog.id = decode_id(fields);
  catalog.cluster = decode_cluster(fields);
  const Fields tool = fields.child("tool");
  catalog.tool_name = tool.text("name");
  catalog.tool_version = tool.text("version");
  catalog.started = fields.time("started");
  catalog.finished = fields.time("finished");
  catalog.method = fields.text("method");
  catalog.platform = fields.text("platform");
  catalog.node = fields.text("node");
  catalog.etcd = decode_etcd(fields.child("etcd"));
  for (const Fields& member : fields.children("members")) {
    catalog.members.push_back(decode_member(member));
  }
  for (const Fields& file : fields.children("files")) catalog.files.push_back(decode_file(file));
  check_names(fields, catalog.files);
  if (fields.has("verified")) {
    const Fields verified = fields.child("verified");
    catalog.verified = CatalogVerified{verified.time("at"), verified.texts("checks")};
  }
  catalog.warnings = fields.texts("warnings");
  return catalog;
}

// And writes them, in the same order.

Json hash_kv_to_json(const CatalogHashKv& hash_kv) {
  return Json::object()
      .set("revision", hash_kv.revision)
      .set("compact_revision", hash_kv.compact_revision)
      .set("hash", std::uint64_t{hash_kv.hash})
      .set("live", hash_kv.live);
}

Json etcd_to_json(const CatalogEtcd& etcd) {
  Json json = Json::object();
  if (!etcd.version.empty()) json.set("version", etcd.version);
  if (etcd.cluster_id) json.set("cluster_id", base::to_hex_id(*etcd.cluster_id));
  if (etcd.member_id) json.set("member_id", base::to_hex_id(*etcd.member_id));
  if (!etcd.endpoint.empty()) json.set("endpoint", etcd.endpoint);
  if (etcd.leader) json.set("leader", *etcd.leader);
  if (etcd.revision) json.set("revision", *etcd.revision);
  if (etcd.compact_revision) json.set("compact_revision", *etcd.compact_revision);
  if (etcd.raft_term) json.set("raft_term", *etcd.raft_term);
  if (etcd.raft_index) json.set("raft_index", *etcd.raft_index);
  json.set("db_size", etcd.db_size_bytes);
  if (etcd.db_size_in_use_bytes) json.set("db_size_in_use", *etcd.db_size_in_use_bytes);
  if (etcd.keys) json.set("keys", *etcd.keys);
  if (etcd.records) json.set("records", *etcd.records);
  if (etcd.leases) json.set("leases", *etcd.leases);
  if (etcd.hash_kv) json.set("hash_kv", hash_kv_to_json(*etcd.hash_kv));
  return json;
}

Json members_to_json(const std::vector<CatalogMember>& members) {
  Json json = Json::array();
  for (const CatalogMember& member : members) {
    json.push(Json::object()
                  .set("name", member.name)
                  .set("member_id", base::to_hex_id(member.member_id))
                  .set("peer_urls", Json::strings(member.peer_urls))
                  .set("client_urls", Json::strings(member.client_urls))
                  .set("learner", member.learner));
  }
  return json;
}

Json files_to_json(const std::vector<CatalogFile>& files) {
  Json json = Json::array();
  for (const CatalogFile& file : files) {
    Json entry = Json::object();
    entry.set("role", file.role)
        .set("name", file.name)
        .set("size", file.size_bytes)
        .set("sha256", file.sha256)
        .set("encoding", Json::strings(file.encoding))
        .set("plain_size", file.plain_size_bytes)
        .set("plain_sha256", file.plain_sha256);
    if (!file.fingerprint.empty()) entry.set("fingerprint", file.fingerprint);
    json.push(std::move(entry));
  }
  return json;
}

// All but the checksum.
Json document_to_json(const Catalog& catalog) {
  Json json = Json::object();
  json.set("format", kCatalogFormat)
      .set("id", catalog.id.text())
      .set("cluster", catalog.cluster)
      .set("tool",
           Json::object().set("name", catalog.tool_name).set("version", catalog.tool_version))
      .set("started", base::format_time(catalog.started))
      .set("finished", base::format_time(catalog.finished))
      .set("method", catalog.method)
      .set("platform", catalog.platform)
      .set("node", catalog.node)
      .set("etcd", etcd_to_json(catalog.etcd))
      .set("members", members_to_json(catalog.members))
      .set("files", files_to_json(catalog.files));
  if (catalog.verified) {
    json.set("verified", Json::object()
                             .set("at", base::format_time(catalog.verified->at))
                             .set("checks", Json::strings(catalog.verified->checks)));
  }
  json.set("warnings", Json::strings(catalog.warnings));
  return json;
}

// ---- The checksum of a catalog, which stands in its last member ----

constexpr std::string_view kChecksumName = "catalog_sha256";

std::string checksum_of(std::string_view text) {
  return base::to_hex(base::sha256(base::as_bytes(text)));
}

std::string text_of(const Json& document) { return document.dump() + "\n"; }

// Catalogs without a checksum, of whoever wrote them, are what they are. The last member is taken
// for it if either its name or its content says so, so that neither hides what became of the other.
bool is_altered(const Json::Object& document, std::string_view text) {
  const auto& [name, value] = document.back();
  const std::string* digits = value.as_string();
  const bool holds_one = digits != nullptr && is_sha256(*digits);
  if (!holds_one) return name == kChecksumName;
  std::string without(text);
  const std::size_t at = without.rfind(*digits);
  if (at == without.npos) return true;
  return checksum_of(without.replace(at, kSha256Digits, kSha256Digits, '0')) != *digits;
}

}  // namespace

const CatalogFile* Catalog::file_with_role(std::string_view role) const {
  const auto found = std::ranges::find(files, role, &CatalogFile::role);
  return found == files.end() ? nullptr : &*found;
}

std::uint64_t Catalog::size_bytes() const {
  std::uint64_t total = 0;
  for (const CatalogFile& file : files) total += file.size_bytes;
  return total;
}

Catalog decode_catalog(std::string_view text) {
  const auto parse = [&] {
    try {
      return Json::parse(text);
    } catch (const base::Error& error) {
      refuse(error.what());
    }
  };
  const Json document = parse();
  if (document.as_object() == nullptr) refuse("the document is not an object");
  Catalog catalog = decode_document(Fields(document, ""));
  catalog.has_checksum = document.find(kChecksumName) != nullptr;
  catalog.is_altered = is_altered(*document.as_object(), text);
  return catalog;
}

base::Json to_json(const Catalog& catalog) {
  Json json = document_to_json(catalog);
  if (!catalog.has_checksum) return json;
  const std::string text = text_of(json.set(kChecksumName, std::string(kSha256Digits, '0')));
  return json.set(kChecksumName, checksum_of(text));
}

std::string encode_catalog(const Catalog& catalog) { return text_of(to_json(catalog)); }

}  // namespace lifeboat::vault
