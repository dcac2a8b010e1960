#include "policies/report/pdf_finish.h"

#include "common/bytes.h"

#include <fmt/format.h>

#include <lcms2.h>
#include <memory>
#include <qpdf/Buffer.hh>
#include <qpdf/QPDF.hh>
#include <qpdf/QPDFEFStreamObjectHelper.hh>
#include <qpdf/QPDFEmbeddedFileDocumentHelper.hh>
#include <qpdf/QPDFFileSpecObjectHelper.hh>
#include <qpdf/QPDFPageDocumentHelper.hh>
#include <qpdf/QPDFWriter.hh>

namespace ecluse::report {
namespace {

/// Replaced in place by the real numbers, which are never wider.
constexpr long long range_filler = 9'999'999'999;

std::string pdf_date(UtcTime at)
{
    std::string digits;
    for (char const c : to_iso(at))
        if (c >= '0' && c <= '9') digits += c;
    return "D:" + digits + "Z";
}

std::string xml(std::string_view text)
{
    std::string out;
    for (char const c : text) {
        if (c == '<')
            out += "&lt;";
        else if (c == '>')
            out += "&gt;";
        else if (c == '&')
            out += "&amp;";
        else
            out += c;
    }
    return out;
}

std::string producer()
{
    return "Écluse " ECLUSE_VERSION;
}

/// The packet repeats the Info dictionary exactly, as PDF/A asks.
std::string metadata(PdfParts const& parts)
{
    auto const at = to_iso(parts.created);
    return fmt::format(
        "<?xpacket begin=\"\ufeff\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n"
        "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\">\n"
        "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">\n"
        "<rdf:Description rdf:about=\"\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\" "
        "xmlns:xmp=\"http://ns.adobe.com/xap/1.0/\" xmlns:pdf=\"http://ns.adobe.com/pdf/1.3/\" "
        "xmlns:pdfaid=\"http://www.aiim.org/pdfa/ns/id/\">\n"
        "<pdfaid:part>3</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance>\n"
        "<dc:format>application/pdf</dc:format>\n"
        "<dc:title><rdf:Alt><rdf:li xml:lang=\"x-default\">{title}</rdf:li></rdf:Alt></dc:title>\n"
        "<dc:creator><rdf:Seq><rdf:li>{author}</rdf:li></rdf:Seq></dc:creator>\n"
        "<dc:description><rdf:Alt><rdf:li xml:lang=\"x-default\">{subject}</rdf:li></rdf:Alt>"
        "</dc:description>\n"
        "<dc:language><rdf:Bag><rdf:li>{language}</rdf:li></rdf:Bag></dc:language>\n"
        "<xmp:CreatorTool>{tool}</xmp:CreatorTool>\n"
        "<xmp:CreateDate>{at}</xmp:CreateDate><xmp:ModifyDate>{at}</xmp:ModifyDate>\n"
        "<pdf:Producer>{tool}</pdf:Producer>\n"
        "</rdf:Description></rdf:RDF></x:xmpmeta>\n<?xpacket end=\"w\"?>",
        fmt::arg("title", xml(parts.title)),
        fmt::arg("author", xml(parts.author)),
        fmt::arg("subject", xml(parts.subject)),
        fmt::arg("language", parts.language),
        fmt::arg("tool", producer()),
        fmt::arg("at", at)
    );
}

/// sRGB as a version 2 profile, which every reader of PDF/A understands.
Result<std::string> srgb_profile()
{
    struct Close {
        void operator()(void* profile) const { cmsCloseProfile(profile); }
    };
    std::unique_ptr<void, Close> const profile{cmsCreate_sRGBProfile()};
    if (!profile) return Error{Errc::io, "make colour profile: no memory"};
    cmsSetProfileVersion(profile.get(), 2.1);
    cmsUInt32Number size = 0;
    if (!cmsSaveProfileToMem(profile.get(), nullptr, &size))
        return Error{Errc::io, "make colour profile: no size"};
    std::string bytes(size, '\0');
    if (!cmsSaveProfileToMem(profile.get(), bytes.data(), &size))
        return Error{Errc::io, "make colour profile: not written"};
    return bytes;
}

QPDFObjectHandle name(char const* text)
{
    return QPDFObjectHandle::newName(text);
}

QPDFObjectHandle unicode(std::string const& text)
{
    return QPDFObjectHandle::newUnicodeString(text);
}

void set_info(QPDF& pdf, PdfParts const& parts)
{
    auto info = QPDFObjectHandle::newDictionary();
    info.replaceKey("/Title", unicode(parts.title));
    info.replaceKey("/Author", unicode(parts.author));
    info.replaceKey("/Subject", unicode(parts.subject));
    info.replaceKey("/Creator", unicode(producer()));
    info.replaceKey("/Producer", unicode(producer()));
    info.replaceKey("/CreationDate", QPDFObjectHandle::newString(pdf_date(parts.created)));
    info.replaceKey("/ModDate", QPDFObjectHandle::newString(pdf_date(parts.created)));
    pdf.getTrailer().replaceKey("/Info", pdf.makeIndirectObject(info));
}

void set_catalog(QPDF& pdf, PdfParts const& parts, std::string const& profile)
{
    auto root = pdf.getRoot();
    root.replaceKey("/Lang", QPDFObjectHandle::newString(parts.language));
    root.replaceKey("/MarkInfo", QPDFObjectHandle::parse("<< /Marked true >>"));
    root.replaceKey("/ViewerPreferences", QPDFObjectHandle::parse("<< /DisplayDocTitle true >>"));

    auto packet = QPDFObjectHandle::newStream(&pdf, metadata(parts));
    packet.getDict().replaceKey("/Type", name("/Metadata"));
    packet.getDict().replaceKey("/Subtype", name("/XML"));
    root.replaceKey("/Metadata", packet);

    auto colours = QPDFObjectHandle::newStream(&pdf, profile);
    colours.getDict().replaceKey("/N", QPDFObjectHandle::newInteger(3));
    auto intent = QPDFObjectHandle::newDictionary();
    intent.replaceKey("/Type", name("/OutputIntent"));
    intent.replaceKey("/S", name("/GTS_PDFA1"));
    intent.replaceKey(
        "/OutputConditionIdentifier", QPDFObjectHandle::newString("sRGB IEC61966-2.1")
    );
    intent.replaceKey("/Info", QPDFObjectHandle::newString("sRGB IEC61966-2.1"));
    intent.replaceKey("/DestOutputProfile", colours);
    root.replaceKey("/OutputIntents", QPDFObjectHandle::newArray({pdf.makeIndirectObject(intent)}));
}

void attach(QPDF& pdf, PdfParts const& parts)
{
    auto stream = QPDFEFStreamObjectHelper::createEFStream(pdf, parts.attachment);
    stream.setSubtype("application/json");
    stream.setModDate(pdf_date(parts.created));
    stream.setCreationDate(pdf_date(parts.created));
    auto file = QPDFFileSpecObjectHelper::createFileSpec(pdf, parts.attachment_name, stream);
    file.setDescription(parts.attachment_description);
    file.getObjectHandle().replaceKey("/AFRelationship", name("/Data"));
    QPDFEmbeddedFileDocumentHelper{pdf}.replaceEmbeddedFile(parts.attachment_name, file);
    pdf.getRoot().replaceKey("/AF", QPDFObjectHandle::newArray({file.getObjectHandle()}));
}

/// An empty signature whose widget has no extent: what is to be seen is in the last part.
void add_signature_field(QPDF& pdf, PdfParts const& parts)
{
    auto signature = QPDFObjectHandle::newDictionary();
    signature.replaceKey("/Type", name("/Sig"));
    signature.replaceKey("/Filter", name("/Adobe.PPKLite"));
    signature.replaceKey("/SubFilter", name("/ETSI.CAdES.detached"));
    signature.replaceKey("/M", QPDFObjectHandle::newString(pdf_date(parts.created)));
    signature.replaceKey("/Name", unicode(parts.author));
    auto range = QPDFObjectHandle::newArray();
    range.appendItem(QPDFObjectHandle::newInteger(0));
    for (int i = 0; i < 3; ++i)
        range.appendItem(QPDFObjectHandle::newInteger(range_filler));
    signature.replaceKey("/ByteRange", range);
    signature.replaceKey(
        "/Contents", QPDFObjectHandle::newString(std::string(signature_bytes_max, '\0'))
    );

    auto page = QPDFPageDocumentHelper{pdf}.getAllPages().back().getObjectHandle();
    auto field = QPDFObjectHandle::newDictionary();
    field.replaceKey("/Type", name("/Annot"));
    field.replaceKey("/Subtype", name("/Widget"));
    field.replaceKey("/FT", name("/Sig"));
    field.replaceKey("/T", unicode("Signature"));
    field.replaceKey("/TU", unicode(parts.title));
    constexpr int print_and_locked = 4 + 128;
    field.replaceKey("/F", QPDFObjectHandle::newInteger(print_and_locked));
    field.replaceKey("/Rect", QPDFObjectHandle::parse("[0 0 0 0]"));
    field.replaceKey("/P", page);
    field.replaceKey("/V", pdf.makeIndirectObject(signature));
    auto const widget = pdf.makeIndirectObject(field);
    page.replaceKey("/Annots", QPDFObjectHandle::newArray({widget}));

    auto form = QPDFObjectHandle::newDictionary();
    form.replaceKey("/Fields", QPDFObjectHandle::newArray({widget}));
    constexpr int signatures_exist_and_append_only = 3;
    form.replaceKey("/SigFlags", QPDFObjectHandle::newInteger(signatures_exist_and_append_only));
    pdf.getRoot().replaceKey("/AcroForm", pdf.makeIndirectObject(form));
}

/// Cairo cannot say that a header cell heads its column; screen readers want to know.
void scope_header_cells(QPDF& pdf)
{
    for (auto object : pdf.getAllObjects()) {
        if (!object.isDictionary() || !object.getKey("/S").isNameAndEquals("/TH")) continue;
        object.replaceKey("/A", QPDFObjectHandle::parse("<< /O /Table /Scope /Column >>"));
    }
}

std::string written(QPDF& pdf)
{
    QPDFWriter writer{pdf};
    writer.setOutputMemory();
    writer.setMinimumPDFVersion("1.7");
    // The structure tree is thousands of small objects; QPDFWriter keeps signatures out of them.
    writer.setObjectStreamMode(qpdf_o_generate);
    writer.write();
    auto const buffer = std::unique_ptr<Buffer>{writer.getBuffer()};
    return {reinterpret_cast<char const*>(buffer->getBuffer()), buffer->getSize()};
}

/// Finds the empty signature and writes the true byte range.
Result<FinishedPdf> open_gap(std::string bytes)
{
    FinishedPdf pdf{std::move(bytes)};
    auto const zeros = "<" + std::string(2 * signature_bytes_max, '0') + ">";
    auto const filler = std::to_string(range_filler);
    auto const range = fmt::format("/ByteRange [ 0 {0} {0} {0} ]", filler);
    auto const gap = pdf.bytes.find(zeros);
    auto const at = pdf.bytes.find(range);
    if (gap == std::string::npos || at == std::string::npos ||
        pdf.bytes.find(zeros, gap + 1) != std::string::npos ||
        pdf.bytes.find(range, at + 1) != std::string::npos)
        return Error{Errc::corrupt, "finish PDF: the signature field is not where it should be"};
    pdf.gap_start = gap;
    pdf.gap_end = gap + zeros.size();
    auto real =
        fmt::format("/ByteRange [ 0 {} {} {}", gap, pdf.gap_end, pdf.bytes.size() - pdf.gap_end);
    real.resize(range.size() - 1, ' ');
    real += ']';
    pdf.bytes.replace(at, range.size(), real);
    return pdf;
}

} // namespace

Result<FinishedPdf> finish_pdf(std::string const& drawn, PdfParts const& parts)
{
    auto const profile = ECLUSE_TRY(srgb_profile());
    std::string bytes;
    try {
        QPDF pdf;
        pdf.setSuppressWarnings(true);
        pdf.processMemoryFile("report", drawn.data(), drawn.size());
        set_info(pdf, parts);
        set_catalog(pdf, parts, profile);
        attach(pdf, parts);
        scope_header_cells(pdf);
        if (parts.seal) add_signature_field(pdf, parts);
        bytes = written(pdf);
    } catch (std::exception const& error) { // QPDF reports by exception only
        return Error{Errc::corrupt, std::string{"finish PDF: "} + error.what()};
    }
    if (parts.seal) return open_gap(std::move(bytes));
    return FinishedPdf{std::move(bytes)};
}

std::string bytes_to_sign(FinishedPdf const& pdf)
{
    return pdf.bytes.substr(0, pdf.gap_start) + pdf.bytes.substr(pdf.gap_end);
}

Result<std::string> place_signature(FinishedPdf const& pdf, std::string_view cms)
{
    if (!pdf.has_gap()) return Error{Errc::malformed, "place signature: no field"};
    if (cms.empty() || cms.size() > signature_bytes_max)
        return Error{Errc::too_large, "place signature: does not fit its field"};
    auto bytes = pdf.bytes;
    bytes.replace(pdf.gap_start + 1, 2 * cms.size(), to_hex(cms));
    return bytes;
}

} // namespace ecluse::report
