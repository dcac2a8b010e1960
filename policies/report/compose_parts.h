#pragma once

#include "policies/report/document.h"
#include "policies/report/words.h"

/// How compose() builds the document, part by part.
namespace ecluse::report {

class Parts {
public:
    Parts(Document& document, Words const& words) : document_{document}, words_{words} {}

    /// A numbered part.
    void part(TextKey title);
    void session(std::string title) { add(Heading{2, std::move(title)}); }
    /// What follows was declared by the technician, not measured.
    void declared();
    /// A list of labels and values, to fill now: the next block invalidates it.
    [[nodiscard]] std::vector<Row>& details();
    /// An empty table is said in words instead.
    void table(Table table, TextKey when_empty);
    void note(std::string text) { add(Paragraph{std::move(text), Paragraph::Tone::muted}); }
    void alert(std::string text) { add(Paragraph{std::move(text), Paragraph::Tone::alert}); }

private:
    void add(Block block) { document_.blocks.push_back(std::move(block)); }

    Document& document_;
    Words const& words_;
    int number_ = 0;
};

void operations(Parts& out, Facts const& facts, Form const* form, Words const& w);
void declared_result(Parts& out, Form const* form, Words const& w);
void declared_data(Parts& out, Form const* form, Words const& w);
void declared_follow_up(Parts& out, Form const* form, Words const& w);
void evidence(Parts& out, Facts const& facts, Words const& w);

} // namespace ecluse::report
