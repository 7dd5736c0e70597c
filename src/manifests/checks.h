// What Kubernetes takes for a name, a quantity, an image: the shapes that values from outside must
// have before they go into a manifest. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lifeboat::manifests {

// "etcd-backup": lower-case letters, digits and dashes, at most 63 (RFC 1123).
bool is_dns_label(std::string_view text);
// Labels with dots between them, at most 253.
bool is_dns_subdomain(std::string_view text);

// "team", "example.com/team".
bool is_label_key(std::string_view text);
// At most 63 letters, digits, '.', '_' and '-', also none at all.
bool is_label_value(std::string_view text);

// "registry.example:5000/team/lifeboat:1.2@sha256:...": a name, with tag or digest or neither.
bool is_image(std::string_view text);

// What an image reference is made of; `text` is one.
struct ImageParts {
  std::string name;
  std::string tag;
  std::string digest;
};
ImageParts split_image(std::string_view text);

// "Europe/Berlin", "Etc/UTC": the shape of a name of the time zone database. Whether the zone
// exists is for the cluster to know.
bool is_time_zone(std::string_view text);

// "20Gi", "50m", "0.5": in units of one; nullopt if it is no quantity that is at least 0.
std::optional<double> parse_quantity(std::string_view text);

// "/backups/prod": absolute, without "." and "..", and without what a shell or a mount option could
// take for more than a name.
bool is_absolute_path(std::string_view text);

// One line of readable text: UTF-8 without control characters of any kind.
bool is_one_line(std::string_view text);

// "https://10.0.0.5:2379", "etcd.example:2379"; nullopt for anything else.
struct Endpoint {
  std::string host;  // without brackets
  unsigned port = 0;
  bool is_address = false;  // and not a name that has to be looked up
};
std::optional<Endpoint> parse_endpoint(std::string_view text);

// "https://s3.example", "http://10.0.0.9:9000/storage": with the scheme's own port where none is
// named; nullopt for anything else.
std::optional<Endpoint> parse_server_url(std::string_view text);

// "s3://bucket/some/prefix", as S3 names buckets, and without what a shell or a template could take
// for more than a name.
bool is_bucket_url(std::string_view text);

}  // namespace lifeboat::manifests
