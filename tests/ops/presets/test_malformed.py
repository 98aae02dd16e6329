"""Malformed presets, templates and sidecars: one clear line, in time, nothing opened that the file names,
nothing lost.
"""

import socket
import time

import pytest
from untouched import untouched

import veraretouch as vr
from veraretouch.core.errors import InvalidDocument
from veraretouch.ops.presets import read_preset
from veraretouch.ops.presets.sidecar import merge_sidecar

SECONDS = 5


@pytest.fixture
def watch(tmp_path):
    with untouched(tmp_path) as watching:
        yield watching


def packet(attributes="", inside="", head=""):
    return (
        f'{head}<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about="" xmlns:crs="http://ns.adobe.com/camera-raw-settings/1.0/" {attributes}>{inside}'
        "</rdf:Description></rdf:RDF></x:xmpmeta>"
    )


def written(path, data):
    """The bytes that are there now; large ones are made by a call, and not while tests are collected."""
    data = data() if callable(data) else data
    path.write_bytes(found := data if isinstance(data, bytes) else data.encode())
    return found


def refused(path, data, said, watch):
    """Read it, which has to fail with these words, in one line, soon, and without touching anything else."""
    written(path, data)
    start = time.process_time()
    with pytest.raises(InvalidDocument, match=said) as caught:
        read_preset(path)
    assert time.process_time() - start < SECONDS
    assert path.name in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "SECRET" not in str(caught.value)
    assert watch.touched() == []


def test_the_watch_notices_a_file_that_is_opened_and_an_address_that_is_asked(watch):
    assert watch.touched() == []
    watch.path.read_text()
    with socket.create_connection(("127.0.0.1", int(watch.url.split(":")[2].split("/")[0]))):
        assert watch.touched() == ["file", "address"]


EXPOSURE = "<crs:Exposure2012>{}</crs:Exposure2012>"
BOMB = "<!DOCTYPE x [<!ENTITY a0 'ha'>" + "".join(f"<!ENTITY a{n + 1} '{f'&a{n};' * 10}'>" for n in range(9)) + "]>"
INCLUDE = '<i:include xmlns:i="http://www.w3.org/2001/XInclude" href="{}" parse="text"/>'

OUTSIDE = {
    "an entity that is a file": lambda w: packet(
        inside=EXPOSURE.format("&s;"), head=f'<!DOCTYPE x [<!ENTITY s SYSTEM "file://{w.path}">]>'
    ),
    "an entity that is an address": lambda w: packet(
        inside=EXPOSURE.format("&s;"), head=f'<!DOCTYPE x [<!ENTITY s SYSTEM "{w.url}">]>'
    ),
    "a parameter entity": lambda w: packet(head=f'<!DOCTYPE x [<!ENTITY % s SYSTEM "{w.url}">%s;]>'),
    "a document type that is a file": lambda w: packet(head=f'<!DOCTYPE x SYSTEM "file://{w.path}">'),
    "a document type that is an address": lambda w: packet(head=f'<!DOCTYPE x SYSTEM "{w.url}">'),
    "an include of a file": lambda w: packet(inside=EXPOSURE.format(INCLUDE.format(w.path))),
    "an include of an address": lambda w: packet(inside=INCLUDE.format(w.url)),
}


@pytest.mark.parametrize("case", OUTSIDE)
def test_xml_that_names_something_outside_is_refused_and_opens_nothing(case, tmp_path, watch):
    refused(tmp_path / "a.xmp", OUTSIDE[case](watch), "document type|XInclude|is no XML", watch)


def test_a_style_sheet_and_a_schema_that_are_named_are_not_opened(tmp_path, watch):
    head = f'<?xml-stylesheet type="text/xsl" href="file://{watch.path}"?><?xml-stylesheet href="{watch.url}"?>'
    schema = f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="urn:x {watch.url}"'
    path = tmp_path / "a.xmp"
    path.write_text(packet(f'{schema} crs:Exposure2012="1"', head=head))
    assert read_preset(path).params == {"exposure.ev": 1.0}
    assert watch.touched() == []


XMP = {
    "an entity bomb": (packet(inside=EXPOSURE.format("&a9;"), head=BOMB), "document type|XML"),
    "a bomb in an attribute": (packet('crs:Exposure2012="&a9;"', head=BOMB), "document type|XML"),
    "a character that is none": (packet(inside=EXPOSURE.format("&#0;")), "XML"),
    "a hundred thousand attributes": (
        lambda: packet(" ".join(f'crs:A{i}="1"' for i in range(100_000))),
        "parts|attributes|XML",
    ),
    "a million attributes": (
        lambda: packet(" ".join(f'crs:A{i}="1"' for i in range(1_000_000))),
        "more than 4,194,304 bytes",
    ),
    "a hundred thousand elements": (lambda: packet(inside="<crs:A/>" * 100_000), "parts"),
    "a deep nest": (lambda: packet(inside="<crs:A>" * 50_000 + "</crs:A>" * 50_000), "XML|deep|parts"),
    "a setting twice": (packet('crs:Vibrance="1"', inside="<crs:Vibrance>2</crs:Vibrance>"), "twice"),
    "an attribute twice": (packet('crs:Vibrance="1" crs:Vibrance="2"'), "XML"),
    "NaN": (packet('crs:Exposure2012="NaN"'), "'NaN' is not a number"),
    "infinity": (packet('crs:Exposure2012="1e999"'), "not a number"),
    "an underscore": (packet('crs:Exposure2012="1_0"'), "'1_0' is not a number"),
    "full-width digits": (packet('crs:Exposure2012="１"'), "not a number"),
    "a hexadecimal": (packet('crs:Contrast2012="0x10"'), "not a number"),
    "a number of 5,000 digits": (packet(f'crs:Contrast2012="{"1" * 5000}"'), "not a number"),
    "out of range": (packet('crs:Contrast2012="100000"'), "outside"),
    "a list for a number": (
        packet(inside="<crs:Contrast2012><rdf:Seq><rdf:li>1</rdf:li></rdf:Seq></crs:Contrast2012>"),
        "not a number",
    ),
    "a structure for a number": (
        packet(inside='<crs:Contrast2012><rdf:Description crs:a="1"/></crs:Contrast2012>'),
        "not a number",
    ),
    "a number for a list": (packet('crs:ToneCurvePV2012="5"'), "no list of points"),
    "a curve of one point": (
        packet(inside="<crs:ToneCurvePV2012><rdf:Seq><rdf:li>0, 0</rdf:li></rdf:Seq></crs:ToneCurvePV2012>"),
        "no list of points",
    ),
    "a curve that runs back": (
        packet(
            inside=(
                "<crs:ToneCurvePV2012><rdf:Seq><rdf:li>9, 0</rdf:li><rdf:li>3,"
                " 255</rdf:li></rdf:Seq></crs:ToneCurvePV2012>"
            )
        ),
        "left to right",
    ),
    "neither true nor false": (packet('crs:ConvertToGrayscale="2"'), "neither True nor False"),
    "a list for a version": (
        packet(inside="<crs:ProcessVersion><rdf:Seq><rdf:li>11.0</rdf:li></rdf:Seq></crs:ProcessVersion>"),
        "no process version",
    ),
    "an older version": (packet('crs:ProcessVersion="5.7"'), "is of process version 5.7; 6.7 and later are read"),
    "binary": (bytes(range(256)) * 40, "XML"),
    "binary of 50 MB": (lambda: bytes(range(256)) * 200_000, "more than 4,194,304 bytes"),
    "zeros": (bytes(1000), "XML"),
    "nothing": (b"", "XML"),
    "cut off": (packet('crs:Exposure2012="1"')[:-30], "XML"),
    "half of UTF-16": (packet('crs:Exposure2012="1"').encode("utf-16")[:-3], "XML"),
    "UTF-8 that breaks": (packet('crs:Name="').encode() + b'\xff\xfe"', "XML"),
    "50 MB": (lambda: packet(" " * 50_000_000), "more than 4,194,304 bytes"),
}


@pytest.mark.parametrize("case", XMP)
def test_a_malformed_xmp_is_refused(case, tmp_path, watch):
    refused(tmp_path / "a.xmp", *XMP[case], watch)


@pytest.mark.parametrize("case", XMP)
def test_a_malformed_sidecar_stays_as_it_was(case, tmp_path):
    path = tmp_path / "IMG.xmp"
    before = written(path, XMP[case][0])
    plan = vr.Plan(mode="param", edits={"exposure": vr.Edit(1, {"ev": 0.5})})
    with pytest.raises(InvalidDocument):
        merge_sidecar(plan, path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["IMG.xmp"]


def template(value="{ Exposure2012 = 1 }", before="", after=""):
    return f'{before}s = {{ title = "a", value = {{ settings = {value} }} }}{after}'


LUA = {
    "os.execute": (template('{ a = os.execute("touch marker") }'), r"line 1.*Only tables of numbers"),
    "a call after the table": (
        template(after='\nos.execute("touch marker")'),
        "line 2: one table and nothing after it",
    ),
    "a call before the table": (template(before='os.execute("touch marker")\n'), "line 1"),
    "io.open": (template('{ a = io.open("marker", "w") }'), "line 1"),
    "dofile": (template('{ a = dofile("secret.txt") }'), "line 1"),
    "require": (template('{ a = require "secret" }'), "line 1"),
    "a function": (template("{ a = function() os.exit() end }"), "line 1"),
    "an expression": (template("{ Exposure2012 = 1 + 1 }"), "line 1"),
    "joined texts": (template('{ a = "a" .. "b" }'), "line 1"),
    "a long string": (template("{ a = [[text]] }"), "line 1"),
    "an unfinished text": ('s = { title = "a', "line 1"),
    "an unfinished table": ("s = { value = { settings = {", "the end in line 1"),
    "a key twice": (template("{ Contrast2012 = 1, Contrast2012 = 2 }"), "stands twice"),
    "keys and none": (template("{ Contrast2012 = 1, 2 }"), "with keys and without"),
    "no table": ("s = 1", "line 1"),
    "no settings": ('s = { title = "a" }', "holds no value.settings"),
    "text for settings": (template('"a"'), "holds no value.settings"),
    "too deep": ("s = " + "{ a = " * 10_000 + "1" + " }" * 10_000, "deeper than 20"),
    "NaN": (template("{ Exposure2012 = nan }"), "line 1"),
    "a NaN of division": (template("{ Exposure2012 = 0/0 }"), "line 1"),
    "NaN as text": (template('{ Exposure2012 = "nan" }'), "not a number"),
    "infinity": (template("{ Exposure2012 = 1e999 }"), "not a number"),
    "an underscore": (template("{ Contrast2012 = 1_0 }"), "line 1"),
    "full-width digits": (template("{ Contrast2012 = １ }"), "line 1"),
    "full-width digits as text": (template('{ Contrast2012 = "１" }'), "not a number"),
    "a hexadecimal": (template("{ Contrast2012 = 0x10 }"), "line 1"),
    "out of range": (template("{ Contrast2012 = 100000 }"), "outside"),
    "a table for a number": (template("{ Contrast2012 = { 1 } }"), "not a number"),
    "a truth for a number": (template("{ Contrast2012 = true }"), "not a number"),
    "a number for a curve": (template("{ ToneCurvePV2012 = 3 }"), "no list of points"),
    "an older version": (template('{ ProcessVersion = "5.0" }'), "process version 5.0"),
    "a hundred thousand settings": (
        lambda: template("{" + ",".join(f"A{i}=1" for i in range(100_000)) + "}"),
        "more than 10,000",
    ),
    "a million settings": (
        lambda: template("{" + ",".join(f"A{i}=1" for i in range(1_000_000)) + "}"),
        "more than 4,194,304 bytes",
    ),
    "braces without end": ("s = " + "{},{" * 200_000, "line 1"),
    "quotes without end": ("s = " + '"\\' * 1_000_000, "line 1"),
    "binary": (bytes(range(256)) * 40, "UTF-8|line 1"),
    "binary of 50 MB": (lambda: bytes(range(256)) * 200_000, "more than 4,194,304 bytes"),
    "compiled Lua": (b"\x1bLua\x51\x00\x01\x04\x04\x04\x08\x00", "line 1"),
    "nothing": (b"", "the end in line 1"),
    "50 MB": (lambda: template(" " * 50_000_000), "more than 4,194,304 bytes"),
}


@pytest.mark.parametrize("case", LUA)
def test_a_malformed_template_is_refused_and_nothing_is_run(case, tmp_path, watch, monkeypatch):
    monkeypatch.chdir(tmp_path)
    refused(tmp_path / "a.lrtemplate", *LUA[case], watch)
    assert {file.name for file in tmp_path.iterdir()} == {"a.lrtemplate", "secret.txt"}


def test_digits_without_an_end_cost_a_template_no_time(tmp_path):
    """Each length of them was tried with each length of the rest: 20 KB took 16 s."""
    path = tmp_path / "look.lrtemplate"
    path.write_text("s = { x = " + "1" * 200_000 + "x }")
    start = time.process_time()
    with pytest.raises(InvalidDocument, match="it is no part of a literal"):
        read_preset(path)
    assert time.process_time() - start < 2
