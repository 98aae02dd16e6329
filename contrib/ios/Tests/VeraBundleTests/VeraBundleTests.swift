import Foundation
import XCTest

@testable import VeraBundle

final class VeraBundleTests: XCTestCase {
    private var folder: URL!

    override func setUpWithError() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString, isDirectory: true)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    override func tearDownWithError() throws { try FileManager.default.removeItem(at: folder) }

    /// A bundle of one package of one file.
    private func lay(_ text: String = "weights", os: String = "18.0") throws -> URL {
        let path = "coreml/coreml-fp16/tiny_auto.mlpackage/Manifest.json"
        let file = folder.appendingPathComponent(path)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data("weights".utf8).write(to: file)
        var digest = SHA256()
        digest.update(Array("weights".utf8))
        let manifest = """
            {"schema": "veraretouch.bundle/1", "name": "tiny", "version": "1", "licence": {"spdx": "MIT", "commercial_use": true},
             "device_support": [{"identifiers": ["iPhone17,", "iPhone16,"], "default": "coreml-fp16", "supported": []}],
             "variants": {"coreml-fp16": {"files": {"\(path)": {"size": 7, "sha256": "\(digest.finish())"}},
              "minimum_os": {"iOS": "\(os)"}}}}
            """
        try Data(manifest.utf8).write(to: folder.appendingPathComponent("bundle.json"))
        try Data(text.utf8).write(to: file)
        return folder
    }

    private func assertThrows(_ words: String, _ body: () throws -> Void, line: UInt = #line) {
        XCTAssertThrowsError(try body(), line: line) { error in
            XCTAssertTrue("\(error)".contains(words), "\(error)", line: line)
        }
    }

    func testSHA256OfTheStandardsExamples() {
        for (text, wanted) in [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
        ] {
            var digest = SHA256()
            digest.update(Array(text.utf8))
            XCTAssertEqual(digest.finish(), wanted)
        }
    }

    func testAWholeBundleVerifiesAndFindsItsPackage() throws {
        let bundle = try BundleFolder(try lay(), variant: "coreml-fp16")
        try bundle.verify()
        XCTAssertEqual(try bundle.package("tiny_auto").lastPathComponent, "tiny_auto.mlpackage")
    }

    func testAChangedAMissingAndAnExtraFileAreRefused() throws {
        let changed = try BundleFolder(try lay("weightz"), variant: "coreml-fp16")
        assertThrows("not what bundle.json says") { try changed.verify() }
        let extra = try BundleFolder(try lay(), variant: "coreml-fp16")
        let package = try extra.package("tiny_auto")
        try Data("more".utf8).write(to: package.appendingPathComponent("notes.txt"))
        assertThrows("notes.txt is in no list") { try extra.verify() }
        try FileManager.default.removeItem(at: package)
        assertThrows("missing") { try extra.verify() }
    }

    func testAnotherRevisionAndAWrongVariantAreRefused() throws {
        let place = try lay()
        assertThrows("another revision") { _ = try BundleFolder(place, variant: "coreml-fp16", sha256: "00") }
        assertThrows("no variant coreml-int8. There are coreml-fp16") { _ = try BundleFolder(place, variant: "coreml-int8") }
    }

    func testSystemsAreComparedNumberByNumber() throws {
        let manifest = try BundleFolder(try lay(os: "18.2"), variant: "coreml-fp16").manifest
        XCTAssertNoThrow(try manifest.check("coreml-fp16", system: "iOS", version: [18, 10]))
        XCTAssertNoThrow(try manifest.check("coreml-fp16", system: "iOS", version: [26]))
        assertThrows("needs iOS 18.2") { try manifest.check("coreml-fp16", system: "iOS", version: [18, 1]) }
        assertThrows("is not for watchOS") { try manifest.check("coreml-fp16", system: "watchOS", version: [18]) }
    }

    func testTheDevicePicksItsVariant() throws {
        let manifest = try BundleFolder(try lay(), variant: "coreml-fp16").manifest
        XCTAssertEqual(try manifest.variant(forDevice: "iPhone17,1"), "coreml-fp16")
        assertThrows("no variant for iPhone12,1") { _ = try manifest.variant(forDevice: "iPhone12,1") }
    }

    func testACubeGivesColoursBack() throws {
        let cube = try Cube.identity(5)
        let color = SIMD3<Float>(0.1, 0.5, 0.93)
        let found = cube.apply(color)
        for axis in 0..<3 { XCTAssertEqual(found[axis], color[axis], accuracy: 1e-5) }
        XCTAssertEqual(cube.values[4], 0.25)  // red runs fastest
        XCTAssertEqual(try cube.blended(0), cube)
        assertThrows("Core Image takes 2 to 64") { _ = try Cube(n: 65, values: []) }
        assertThrows("has 32") { _ = try Cube(n: 2, values: [1]) }
        assertThrows("not finite") { _ = try Cube(n: 2, values: [Float](repeating: .nan, count: 32)) }
    }

    func testStylesAddUpWithinTheirReach() throws {
        let text = #"""
            {"format": "veraretouch.styles/1", "slots": ["a.x", "a.y", "t.hue", "t.saturation", "c.luma[3]"], "size": 7,
             "plain": [[0, 2, -1, 1], [4, 3, -0.5, 0.5]], "hard": [1], "tints": [[2, 3, 0.4]], "curves": [[4, 3]],
             "wheel": [[0, 30], [180, 210], [360, 390]],
             "styles": [{"phrases": ["warm", "warmer"], "values": {"0": 0.4, "1": 0.8, "2": 90, "3": 0.1}},
                        {"phrases": ["bright"], "values": {"0": 0.5, "1": 0.8, "2": 90, "3": 0.1, "4": 0.2}}]}
            """#
        let styles = try Styles.read(Data(text.utf8))
        XCTAssertEqual(styles.names, ["warm", "bright"])
        XCTAssertEqual(try styles.vector("Warmer"), [0.4, 0.8, 90, 0.1, 0, 0, 0])
        XCTAssertEqual(try styles.vector("warm, warmer"), try styles.vector("warm"))
        XCTAssertEqual(try styles.vector(""), [Float](repeating: 0, count: 7))
        let both = try styles.vector("warm, bright")
        for (found, wanted) in zip(both, [0.8320184, 1, 90, 0.2, 0.2, 0, 0] as [Float]) { XCTAssertEqual(found, wanted, accuracy: 1e-4) }
        XCTAssertEqual(try styles.vector([("warm", 0.5)])[0], 0.2, accuracy: 1e-6)
        assertThrows("no style not warm. There are warm, bright") { _ = try styles.vector("not warm") }
        assertThrows("styles.json is of veraretouch.styles/2") {
            _ = try Styles.read(Data(text.replacingOccurrences(of: "styles/1", with: "styles/2").utf8))
        }
    }

    func testTheContextPrefillsThenStepsAndEnds() throws {
        var context = Context()
        XCTAssertEqual(
            try context.take(65), [.prefill(from: 0, count: 64), .step(from: 64)])
        XCTAssertEqual(try context.take(3), [.prefill(from: 65, count: 3)])
        _ = try context.take(Context.size - context.position - 2)
        XCTAssertEqual(try context.take(2), [.step(from: 1022), .step(from: 1023)])
        assertThrows("The context holds 1024") { _ = try context.take(1) }
        var small = Context(capacity: 66)
        XCTAssertEqual(
            try small.take(66), [.prefill(from: 0, count: 64), .step(from: 64), .step(from: 65)])
        assertThrows("The context holds 66") { _ = try small.take(1) }
    }

    func testGoldenTensorsAreRead() throws {
        let header = #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"U8","shape":[1],"data_offsets":[8,9]}}"#
        var data = Data(withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Data($0) })
        data += Data(header.utf8)
        for value in [Float(1.5), Float(-2)] { data += withUnsafeBytes(of: value.bitPattern.littleEndian) { Data($0) } }
        data += [7]
        let file = folder.appendingPathComponent("golden.safetensors")
        try data.write(to: file)
        let golden = try Safetensors(file)
        XCTAssertEqual(try golden.values("a"), [1.5, -2])
        XCTAssertEqual(try golden.values("b"), [7])
        assertThrows("no tensor c") { _ = try golden.values("c") }
    }

    func testParityIsAShareOfTheLargestGoldenValue() throws {
        let near = try Parity(found: [1, 9, 2.01, 9], golden: [1, 2], stride: 2, tolerance: 0.01)
        XCTAssertTrue(near.holds)
        XCTAssertFalse(try Parity(found: [1, 2.1], golden: [1, 2], stride: 1, tolerance: 0.01).holds)
        assertThrows("not finite") { _ = try Parity(found: [.nan], golden: [1], stride: 1, tolerance: 1) }
        assertThrows("Is it this package's output") { _ = try Parity(found: [1], golden: [1, 2], stride: 1, tolerance: 1) }
    }
}
