#pragma once

#include "policies/ctl/ctl.h"

/// What commands do beyond asking and showing: one function per command that needs it.
namespace ecluse::ctl {

/// Typed values as the request's fields.
[[nodiscard]] std::optional<boost::json::object> read_fields(Ctl& ctl, Command const& command);
/// Asks `command.request` with these fields and shows what comes back.
Exit ask_and_show(Ctl& ctl, Command const& command, boost::json::object fields);
void show(Ctl const& ctl, Command const& command, boost::json::object const& answer);

void print_general_help(Ctl const& ctl);
void print_object_help(Ctl const& ctl, std::string_view object);
void print_command_help(Ctl const& ctl, Command const& command);

Exit run_login(Ctl& ctl, Command const& command, boost::json::object fields);
Exit run_logout(Ctl& ctl, Command const& command, boost::json::object fields);
Exit run_enrol(Ctl& ctl, Command const& command, boost::json::object fields);
Exit run_password_change(Ctl& ctl, Command const& command, boost::json::object fields);
Exit run_totp(Ctl& ctl, Command const& command, boost::json::object fields);
Exit run_key_add(Ctl& ctl, Command const& command, boost::json::object fields);
Exit run_person_import(Ctl& ctl, Command const& command, boost::json::object fields);
Exit run_setup(Ctl& ctl, Command const& command, boost::json::object fields);
Exit run_account(Ctl& ctl, Command const& command, boost::json::object fields);
Exit run_pin(Ctl& ctl, Command const& command, boost::json::object fields);
Exit run_ticket(Ctl& ctl, Command const& command, boost::json::object fields);
Exit run_certificate_request(Ctl& ctl, Command const& command, boost::json::object fields);
Exit run_session_watch(Ctl& ctl, Command const& command, boost::json::object fields);
Exit run_cut_many(Ctl& ctl, Command const& command, boost::json::object fields);
Exit run_asset_sensitive(Ctl& ctl, Command const& command, boost::json::object fields);
Exit run_escort(Ctl& ctl, Command const& command, boost::json::object fields);
Exit run_report_show(Ctl& ctl, Command const& command, boost::json::object fields);
/// Asks for one document and writes it to --output, or to the standard output.
Exit run_document(Ctl& ctl, Command const& command, boost::json::object fields);
Exit run_report_export(Ctl& ctl, Command const& command, boost::json::object fields);
Exit run_report_verify(Ctl& ctl, Command const& command, boost::json::object fields);
Exit run_recording_play(Ctl& ctl, Command const& command, boost::json::object fields);
Exit run_recording_export(Ctl& ctl, Command const& command, boost::json::object fields);
Exit run_recording_search(Ctl& ctl, Command const& command, boost::json::object fields);
Exit run_recording_verify(Ctl& ctl, Command const& command, boost::json::object fields);
Exit run_evidence_export(Ctl& ctl, Command const& command, boost::json::object fields);
Exit run_journal_export(Ctl& ctl, Command const& command, boost::json::object fields);
Exit run_journal_verify(Ctl& ctl, Command const& command, boost::json::object fields);
Exit run_charter_show(Ctl& ctl, Command const& command, boost::json::object fields);
Exit run_explain(Ctl& ctl, Command const& command, boost::json::object fields);
Exit run_config(Ctl& ctl, Command const& command, boost::json::object fields);
Exit run_doctor(Ctl& ctl, Command const& command, boost::json::object fields);
Exit run_help(Ctl& ctl, Command const& command, boost::json::object fields);
Exit run_completion(Ctl& ctl, Command const& command, boost::json::object fields);

} // namespace ecluse::ctl
