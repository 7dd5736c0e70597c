#include "store/s3_store.h"

#include <algorithm>
#include <functional>
#include <set>

#include "base/percent.h"
#include "base/text.h"
#include "base/units.h"
#include "store/s3_read.h"
#include "store/s3_retention.h"
#include "store/s3_upload.h"
#include "store/s3_xml.h"

namespace lifeboat::store {
namespace {

using base::Code;

constexpr std::size_t kKeyMaxBytes = 1024;

bool has_hidden_part(std::string_view name) {
  return name.starts_with('.') || name.find("/.") != std::string_view::npos;
}

void check_blob_name(const std::string& name) {
  check_name(name);
  if (!has_hidden_part(name)) return;
  throw base::Error(Code::kInvalid,
                    base::cat("\"", base::printable(name), "\" is no name for a file of a vault: ",
                              "a part of it begins with a dot"));
}

void check_folder_name(const std::string& folder) {
  if (!folder.empty()) check_name(folder);
}

bool is_listed(const std::string& name) {
  return is_valid_name(name) && name.find('/') == std::string::npos && !name.starts_with('.');
}

base::Error bad_listing(const std::string& why) {
  return base::Error(Code::kCorrupt, base::cat("the server's listing ", why),
                     "see the server's log");
}

// One page of a listing, whatever is listed.
class Page {
 public:
  explicit Page(const std::string& body) : root_(parse_xml(body)) {
    encoded_ = root_.text_of("EncodingType") == "url";
  }

  const std::vector<XmlElement>& elements() const { return root_.children; }
  std::string text_of(std::string_view name) const { return root_.text_of(name); }

  // Keys are encoded as in a form, since XML can't carry every byte.
  std::string key(const XmlElement& element, std::string_view child) const {
    std::string text = element.text_of(child);
    return encoded_ ? decode(std::move(text)) : text;
  }
  std::string key(std::string_view child) const { return key(root_, child); }

  bool is_truncated() const { return root_.text_of("IsTruncated") == "true"; }

 private:
  static std::string decode(std::string text) {
    std::ranges::replace(text, '+', ' ');
    return base::decode_percent(text);
  }

  XmlElement root_;
  bool encoded_ = false;
};

// Hands each page of the keys that begin with `prefix` to `use`.
void for_each_page(S3Client& client, QueryParameters query, const std::string& prefix,
                   const std::function<void(const Page&)>& use) {
  query.emplace_back("list-type", "2");
  query.emplace_back("encoding-type", "url");
  query.emplace_back("prefix", prefix);
  std::set<std::string> seen;
  for (std::string token;;) {
    S3Request request{.query = query};
    if (!token.empty()) request.query.emplace_back("continuation-token", token);
    const Page page(client.send(request, client.options().stop).body);
    use(page);
    if (!page.is_truncated()) return;
    token = page.text_of("NextContinuationToken");
    if (token.empty() || !seen.insert(token).second) throw bad_listing("never ends");
  }
}

// What follows `prefix` in `text`; throws if something else stands there.
std::string after(const std::string& prefix, const std::string& text) {
  if (!text.starts_with(prefix)) throw bad_listing("has keys that were not asked for");
  return text.substr(prefix.size());
}

void add_page(const Page& page, const std::string& prefix, Listing& listing) {
  for (const XmlElement& element : page.elements()) {
    if (element.name == "Contents") {
      const std::string name = after(prefix, page.key(element, "Key"));
      const auto size = base::parse_whole_number(element.text_of("Size"));
      if (!size) throw bad_listing("has a blob without a size");
      if (is_listed(name)) listing.blobs.push_back({name, *size});
    } else if (element.name == "CommonPrefixes") {
      std::string name = after(prefix, page.key(element, "Prefix"));
      if (name.ends_with('/')) name.pop_back();
      if (is_listed(name)) listing.folders.push_back(name);
    }
  }
}

}  // namespace

S3Store::S3Store(const S3Options& options, S3CredentialSource& credentials, const os::Clock& clock,
                 S3Client::Connect connect)
    : client_(options, credentials, clock, std::move(connect)), clock_(clock) {}

std::string S3Store::location() const {
  const S3Location& location = client_.options().location;
  return base::cat("s3://", location.bucket, location.prefix.empty() ? "" : "/", location.prefix);
}

std::string S3Store::key(const std::string& name) const {
  const std::string key = folder_prefix("") + name;
  if (key.size() <= kKeyMaxBytes) return key;
  throw base::Error(Code::kInvalid,
                    base::cat("\"", base::printable(key), "\" is longer than a key of S3 may be"));
}

// "prefix/folder/", or "" for a bucket as a whole.
std::string S3Store::folder_prefix(const std::string& folder) const {
  std::string result;
  for (const std::string& part : {client_.options().location.prefix, folder}) {
    if (!part.empty()) result += part + "/";
  }
  return result;
}

void S3Store::check() {
  client_.send({.query = {{"list-type", "2"}, {"max-keys", "1"}, {"prefix", folder_prefix("")}}},
               stop());
  if (!object_lock_checked_) check_s3_object_lock(client_, stop());
  object_lock_checked_ = true;
}

Listing S3Store::list(const std::string& folder) {
  check_folder_name(folder);
  const std::string prefix = folder_prefix(folder);
  Listing listing;
  for_each_page(client_, {{"delimiter", "/"}}, prefix,
                [&](const Page& page) { add_page(page, prefix, listing); });
  std::ranges::sort(listing.blobs, {}, &BlobInfo::name);
  std::ranges::sort(listing.folders);
  // A server may name a folder on each page that has a part of it.
  auto& folders = listing.folders;
  folders.erase(std::unique(folders.begin(), folders.end()), folders.end());
  return listing;
}

std::unique_ptr<base::Source> S3Store::get(const std::string& name) {
  check_blob_name(name);
  auto blob = find_s3_blob(client_, key(name), stop());
  if (blob) return stream_s3_blob(client_, *std::move(blob));
  throw base::Error(Code::kNotFound,
                    base::cat("there is no ", location(), "/", base::printable(name, 1000)));
}

std::unique_ptr<base::RandomSource> S3Store::open(const std::string& name) {
  check_blob_name(name);
  auto blob = find_s3_blob(client_, key(name), stop());
  if (blob) return open_s3_blob(client_, *std::move(blob));
  throw base::Error(Code::kNotFound,
                    base::cat("there is no ", location(), "/", base::printable(name, 1000)));
}

std::optional<std::uint64_t> S3Store::size_bytes(const std::string& name) {
  check_blob_name(name);
  const auto blob = find_s3_blob(client_, key(name), stop());
  if (!blob) return std::nullopt;
  return blob->size_bytes;
}

std::optional<std::string> S3Store::fingerprint(const std::string& name) {
  check_blob_name(name);
  const auto blob = find_s3_blob(client_, key(name), stop());
  if (!blob) return std::nullopt;
  return s3_fingerprint(*blob);
}

std::unique_ptr<base::Sink> S3Store::begin(const std::string& name, bool only_if_absent) {
  check_blob_name(name);
  check_leases();
  return begin_s3_upload(
      client_, clock_,
      {.key = key(name), .only_if_absent = only_if_absent, .allowed = [this] { check_leases(); }});
}

std::unique_ptr<base::Sink> S3Store::put(const std::string& name) { return begin(name, false); }

std::unique_ptr<base::Sink> S3Store::put_new(const std::string& name) { return begin(name, true); }

void S3Store::remove(const std::string& name) {
  check_blob_name(name);
  remove_key({.method = "DELETE", .key = key(name)});
}

// What is not there is as good as removed.
void S3Store::remove_key(const S3Request& request) {
  check_leases();
  const S3Answer answer = client_.exchange(request, stop());
  if (!answer.refusal || answer.is("NoSuchKey", 404)) return;
  throw explain_refusal(client_.describe(request), *answer.refusal);
}

std::vector<std::string> S3Store::keys_below(const std::string& prefix) {
  std::vector<std::string> keys;
  for_each_page(client_, {}, prefix, [&](const Page& page) {
    for (const XmlElement& element : page.elements()) {
      if (element.name == "Contents")
        keys.push_back(prefix + after(prefix, page.key(element, "Key")));
    }
  });
  return keys;
}

void S3Store::remove_folder(const std::string& folder) {
  check_name(folder);
  const std::string prefix = folder_prefix(folder);
  for (const std::string& key : keys_below(prefix)) {
    remove_key({.method = "DELETE", .key = key});
  }
  abort_uploads(prefix, [](const std::string&) { return true; });
}

void S3Store::remove_unfinished(const std::string& folder) {
  check_folder_name(folder);
  std::optional<Listing> listing;  // asked for where it matters
  abort_uploads(folder_prefix(folder), [&](const std::string& name) {
    const std::size_t slash = name.find('/');
    if (slash == std::string::npos) return true;
    if (!listing) listing = list(folder);
    return std::ranges::find(listing->folders, name.substr(0, slash)) == listing->folders.end();
  });
}

// Those whose names below `prefix` are wanted.
void S3Store::abort_uploads(const std::string& prefix,
                            const std::function<bool(const std::string&)>& is_wanted) {
  QueryParameters markers;
  std::set<std::string> seen;
  for (;;) {
    S3Request request{.query = {{"uploads", ""}, {"encoding-type", "url"}, {"prefix", prefix}}};
    request.query.insert(request.query.end(), markers.begin(), markers.end());
    const S3Answer answer = client_.exchange(request, stop());
    if (answer.is("NotImplemented", 501)) return;
    if (answer.refusal) throw explain_refusal(client_.describe(request), *answer.refusal);
    const Page page(answer.response.body);
    for (const XmlElement& element : page.elements()) {
      if (element.name != "Upload") continue;
      const std::string name = after(prefix, page.key(element, "Key"));
      if (!is_wanted(name)) continue;
      remove_key({.method = "DELETE",
                  .key = prefix + name,
                  .query = {{"uploadId", element.text_of("UploadId")}}});
    }
    if (!page.is_truncated()) return;
    markers = {{"key-marker", page.key("NextKeyMarker")},
               {"upload-id-marker", page.text_of("NextUploadIdMarker")}};
    if (!seen.insert(encode_query(markers)).second) throw bad_listing("never ends");
  }
}

std::unique_ptr<StoreLock> S3Store::lock(const std::string& name) {
  check_name(name);
  S3Lease lease = take_s3_lease(client_, clock_, key(name));
  const std::lock_guard guard(mutex_);
  std::erase_if(leases_, [](const auto& state) { return state.expired(); });
  leases_.push_back(lease.state);
  return std::move(lease.lock);
}

void S3Store::check_leases() {
  const std::lock_guard guard(mutex_);
  for (const auto& lease : leases_) {
    const auto state = lease.lock();
    if (!state || state->is_held()) continue;
    throw base::Error(Code::kBusy,
                      base::cat("the lock of ", location(),
                                " is lost: it was not renewed in time, ", "or somebody took it"),
                      "nothing more is written; check the network and run again");
  }
}

}  // namespace lifeboat::store
