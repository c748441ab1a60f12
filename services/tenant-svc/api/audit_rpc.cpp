#include "api/audit_rpc.hpp"

#include "api/translation.hpp"
#include "cartwise/base/errors.hpp"
#include "cartwise/base/status_macros.hpp"
#include "cartwise/base/text.hpp"
#include "domain/audit_csv.hpp"

namespace cartwise::tenant {
namespace {

constexpr int kExportPages = 25;
constexpr int kExportPageSize = 200;

// Of both requests, which name their filters alike.
template <typename Request>
absl::StatusOr<AuditFilter> FilterOf(const Request& req) {
  AuditFilter filter;
  CW_ASSIGN_OR_RETURN(filter.chain, ParseOptionalId<ChainId>("chain_id", req.chain_id()));
  CW_ASSIGN_OR_RETURN(filter.branch, ParseOptionalId<BranchId>("branch_id", req.branch_id()));
  filter.actor = req.actor();
  filter.action = req.action();
  filter.object_id = req.object_id();
  filter.trace_id = req.trace_id();
  if (req.has_from()) filter.from = rpc::FromTimestamp(req.from());
  if (req.has_until()) filter.until = rpc::FromTimestamp(req.until());
  errors::FieldErrors faults;
  for (const auto& [name, text] :
       {std::pair("actor", &filter.actor), std::pair("action", &filter.action),
        std::pair("object_id", &filter.object_id), std::pair("trace_id", &filter.trace_id)}) {
    const bool clean = text->size() <= 200 && text->find('\0') == std::string::npos;
    faults.Require(clean, name, "has at most 200 characters");
  }
  CW_RETURN_IF_ERROR(faults.ToStatus());
  return filter;
}

v1::AuditEntry ToProto(const AuditEntry& entry) {
  v1::AuditEntry out;
  out.set_no(entry.no);
  *out.mutable_occurred_at() = ToTimestamp(entry.occurred_at);
  *out.mutable_recorded_at() = ToTimestamp(entry.recorded_at);
  out.set_action(entry.action);
  out.set_actor(entry.actor);
  out.set_role(entry.role);
  out.set_object_id(entry.object_id);
  out.set_branch_id(entry.branch.value());
  out.set_device_id(entry.device.value());
  out.set_reason(entry.reason);
  out.set_address(entry.address);
  out.set_trace_id(entry.trace_id);
  out.set_source(entry.source);
  out.set_hash(HexEncode(entry.hash));
  return out;
}

// Page by page: the database never answers all of it at once.
absl::Status Fill(AuditStore& store, const Caller& caller, const AuditFilter& filter,
                  int64_t before_no, AuditCsv& csv) {
  PageRequest page;
  page.size = kExportPageSize;
  if (before_no > 0) page.after = {std::to_string(before_no)};
  for (int i = 0; i < kExportPages; ++i) {
    CW_ASSIGN_OR_RETURN(const auto list, ListAudit(store, caller, filter, page));
    for (const AuditEntry& entry : list.items) {
      if (!csv.Add(entry)) return absl::OkStatus();
    }
    if (list.next_page_token.empty()) return absl::OkStatus();
    page.after = {std::to_string(list.items.back().no)};
  }
  return absl::OkStatus();
}

}  // namespace

grpc::Status AuditRpc::ListAudit(grpc::ServerContext* ctx, const v1::ListAuditRequest* req,
                                 v1::ListAuditResponse* out) {
  return guard_.Read(
      ctx, *req, database_, [&](AuditStore& store, const Caller& caller) -> absl::Status {
        CW_ASSIGN_OR_RETURN(const auto page, ParsePage(req->page_size(), req->page_token(), 1));
        CW_ASSIGN_OR_RETURN(const AuditFilter filter, FilterOf(*req));
        CW_ASSIGN_OR_RETURN(const auto list, tenant::ListAudit(store, caller, filter, page));
        for (const AuditEntry& entry : list.items) {
          *out->add_entries() = ToProto(entry);
        }
        out->set_next_page_token(list.next_page_token);
        return absl::OkStatus();
      });
}

grpc::Status AuditRpc::ExportAudit(grpc::ServerContext* ctx, const v1::ExportAuditRequest* req,
                                   options::v1::File* out) {
  return guard_.Read(ctx, *req, database_,
                     [&](AuditStore& store, const Caller& caller) -> absl::Status {
                       if (req->before_no() < 0) {
                         return errors::InvalidField("before_no", "must not be negative");
                       }
                       CW_ASSIGN_OR_RETURN(const AuditFilter filter, FilterOf(*req));
                       AuditCsv csv;
                       CW_RETURN_IF_ERROR(Fill(store, caller, filter, req->before_no(), csv));
                       out->set_content_type("text/csv; charset=utf-8");
                       out->set_name("audit.csv");
                       out->set_content(csv.text());
                       return absl::OkStatus();
                     });
}

}  // namespace cartwise::tenant
