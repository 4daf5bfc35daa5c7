using System.Collections.Generic;

namespace Cleave.Core.Diagnostics;

/// <summary>
/// Every id there is. 1xxx: the model file. 2xxx: the typed class made from it. 3xxx: the build.
/// 4xxx: the running application. Each has a page in <c>docs/diagnostics</c>.
/// </summary>
internal static class Rules
{
    // The model file.
    public static readonly Rule FileMissing = Error("CLV1001", "Model file not found",
        "The model '{0}' does not exist. Check the path, and whether the file is checked in or downloaded.");

    public static readonly Rule FileEmpty = Error("CLV1002", "Model file is empty",
        "The model '{0}' is an empty file. A download or copy probably failed: fetch it again.");

    public static readonly Rule LfsPointer = Error("CLV1003", "Model file is a Git LFS pointer",
        "The model '{0}' is a Git LFS pointer, not the model itself. Run 'git lfs pull', and check that the build machine has Git LFS.");

    public static readonly Rule Truncated = Error("CLV1004", "Model file is truncated",
        "The model '{0}' ends too early: {1}. Fetch or export it again.");

    public static readonly Rule NotOnnx = Error("CLV1005", "Not an ONNX model",
        "'{0}' is not an ONNX model: {1}. Check that the file is the exported .onnx and not an archive, a page or another format.");

    public static readonly Rule Malformed = Error("CLV1006", "Model file is malformed",
        "The model '{0}' is malformed at byte {1}: {2}. Export it again, or check it with onnx.checker.");

    public static readonly Rule NestedTooDeep = Error("CLV1007", "Model is nested too deeply",
        "The model '{0}' nests graphs or types more than {1} levels deep, which no exporter does. The file is damaged or hostile: do not use it.");

    public static readonly Rule UnknownElementType = Error("CLV1008", "Unknown element type",
        "The model '{0}' gives '{1}' the element type {2}, which this version of Cleave does not know. Update Cleave, or export with an older opset.");

    public static readonly Rule DuplicateName = Error("CLV1009", "Name defined twice",
        "The model '{0}' defines the {1} '{2}' more than once. Give one of them another name, or export the model again; an output that is given twice needs an Identity node of its own.");

    public static readonly Rule MissingName = Error("CLV1010", "Name missing",
        "The model '{0}' refers to something that is not there: {1}. Export it again, or check it with onnx.checker.");

    public static readonly Rule ExternalDataMissing = Error("CLV1011", "External data not found",
        "The model '{0}' keeps weights in '{1}', which is not beside it. Copy that file into the model's folder.");

    public static readonly Rule ExternalDataTooShort = Error("CLV1012", "External data too short",
        "The model '{0}' keeps '{1}' at bytes {2} of '{3}', which has only {4} bytes. The two files do not belong together: export or fetch both again.");

    public static readonly Rule ExternalDataOutside = Error("CLV1013", "External data outside the model's folder",
        "The model '{0}' keeps weights in '{1}', which is absolute, leaves the model's folder or can be no file's name. Only files in or under the model's folder are read: move the data there and export the model again.");

    public static readonly Rule Unreadable = Error("CLV1014", "Model file cannot be read",
        "The model '{0}' cannot be read: {1}.");

    public static readonly Rule BodyTooLarge = Error("CLV1015", "Body of a control-flow node too large",
        "The model '{0}' holds {1} bytes of weights inside the body of the node '{2}'; at most 1 GB can be copied. Export those weights as initializers of the outer graph.");

    public static readonly Rule TensorSize = Error("CLV1016", "Tensor data does not match its shape",
        "The model '{0}' gives the tensor '{1}' the shape [{2}], which needs {3}, but stores {4}. Fetch or export it again.");

    public static readonly Rule Cycle = Error("CLV1017", "Nodes wait for each other",
        "The model '{0}' has nodes that wait for each other: {1}. No order can run them: export it again, or check it with onnx.checker.");

    public static readonly Rule OpsetTooNew = Checked("CLV1018", "Operator set newer than ONNX Runtime",
        "The model '{0}' uses version {1} of the operator set {2}, but ONNX Runtime {3}, which the project resolves, has it up to version {4}. {5}.");

    public static readonly Rule IrTooNew = Checked("CLV1019", "File format newer than ONNX Runtime",
        "The model '{0}' has the IR version {1}, but ONNX Runtime {2}, which the project resolves, reads it up to version {3}. {4}.");

    public static readonly Rule OperatorUnknown = Checked("CLV1020", "Operator not in the operator set",
        "The model '{0}' uses the operator {1} (node '{2}'), which version {3} of the operator set {4} does not have: {5}.");

    public static readonly Rule OperatorRemoved = Checked("CLV1021", "Operator is deprecated",
        "The model '{0}' uses the operator {1} (node '{2}'), which is deprecated since version {3} of the operator set {4}; the model uses version {5}, with which ONNX Runtime refuses it. Export the model again, or convert it with onnx.version_converter.");

    public static readonly Rule ContractBroken = Checked("CLV1022", "Model's contract is broken",
        "The model '{0}' has not the inputs, outputs and operator sets that its contract '{1}' records: {2}. Use the model that was agreed on, or accept the change: cleave contract --accept {0}");

    public static readonly Rule ContractMissing = Checked("CLV1023", "Model has no contract",
        "The model '{0}' has no contract '{1}', which the property CleaveContracts=require demands. Write it, and check it in: cleave contract --accept {0}");

    public static readonly Rule ReleaseUnknown = new("CLV1024", Severity.Info, "ONNX Runtime not known to this version of Cleave",
        "The operator sets of '{0}' were not compared with ONNX Runtime {1}, which the project resolves: this version of Cleave knows {2}. Update Cleave where there is a newer version.");

    public static readonly Rule TuningStale = Warning("CLV1025", "Tuning file does not fit the model",
        "The tuning file '{1}' does not fit the model '{0}': {2}. Runners will not go by it. Tune again: cleave tune {0}");

    public static readonly Rule QuantisationStale = Checked("CLV1026", "Model in 8 bits is not that of its source",
        "The model '{0}' in 8 bits is to be made of '{1}', but {2}. Quantise that model again: cleave quantize, with the inputs and the budget that it had.");

    public static readonly Rule ReleaseTooOld = Checked("CLV1027", "ONNX Runtime too old",
        "Runners, that of '{0}' too, need ONNX Runtime {2} or later, and the project resolves {1}: the first runner would fail. Raise the version of Microsoft.ML.OnnxRuntime (or .Gpu, .DirectML), where the project or Directory.Packages.props sets it. If the application brings a newer library itself, say which: the property CleaveOnnxRuntime.");

    // The typed class.
    public static readonly Rule NotATensor = Error("CLV2001", "Input or output is not a tensor",
        "The model '{0}' has the {1} '{2}' of type {3}; a typed runner takes and gives dense tensors only. No class is generated. Export the model with tensors there.");

    public static readonly Rule ElementTypeNotSupported = Error("CLV2002", "Element type not supported by the binding",
        "The model '{0}' has the {1} '{2}' with elements of type {3}, of which ONNX Runtime's C# binding can make no tensor. No class is generated. Cast it to a supported type inside the model.");

    public static readonly Rule ClassDefinedTwice = Error("CLV2003", "Two models make the same class",
        "'{0}' makes the class '{1}', and so does '{2}'. Give one of them other item metadata: ClassName=\"…\" or Namespace=\"…\".");

    public static readonly Rule BadMetadata = Error("CLV2004", "Item metadata not understood",
        "The model '{0}' has the item metadata {1}=\"{2}\"; {3}.");

    public static readonly Rule TargetsMissing = Error("CLV2005", "Build targets of Cleave are missing",
        "'{0}' reached the compiler as a binary file: the build targets of the package Cleave were not imported, or a target added the file after they ran. Reference the package with its build assets (no ExcludeAssets=\"build\"), from the project that lists the model.");

    public static readonly Rule ListingUnreadable = Error("CLV2006", "Graph listing cannot be read",
        "The graph listing of '{0}' cannot be read: {1}. It is made by the build: delete the obj folder and build again. If that does not help, the task and the generator come from different versions of Cleave.");

    public static readonly Rule GeneratorFailed = Error("CLV2007", "The generator failed",
        "Cleave failed on '{0}': {1}. This is a bug in Cleave: please report it with the graph listing from the obj folder.");

    public static readonly Rule NoOutputs = Error("CLV2008", "Model has no outputs",
        "The model '{0}' has no outputs, so there is nothing to run it for. Export it again.");

    public static readonly Rule TensorTooLarge = Error("CLV2009", "Input or output too large",
        "The model '{0}' has the {1} '{2}' with the shape [{3}], which has more elements than a .NET array can hold (2,147,483,647). No class is generated. Export the model with a smaller shape there.");

    public static readonly Rule ChosenOutputMissing = Error("CLV2010", "Chosen output is not in the model",
        "The model '{0}' has no value '{1}', which the item metadata Outputs names; {2}. 'cleave inspect --values' lists all.");

    public static readonly Rule CannotBeOutput = Error("CLV2011", "Value cannot be an output",
        "The model '{0}' cannot give '{1}', which the item metadata Outputs names: {2}. 'cleave inspect --values' says which values can be chosen.");

    public static readonly Rule OutputChosenTwice = Error("CLV2012", "Output chosen twice",
        "The item metadata Outputs of the model '{0}' names '{1}' more than once. Leave one of them out.");

    public static readonly Rule ChosenOutputsNeedSlicing = Error("CLV2013", "Chosen outputs need slicing",
        "The model '{0}' has the item metadata Slicing=\"false\", with which ONNX Runtime opens the file as published and gives its own outputs, and Outputs, which chooses others: {1}. Take one of the two off the item.");

    public static readonly Rule NothingToSplit = Warning("CLV2014", "Nothing to split",
        "The model '{0}' has the item metadata Plan=\"Split\", but nothing in it can run side by side; it runs whole. Take the metadata off the item.");

    public static readonly Rule MetadataMisspelt = Warning("CLV2015", "Item metadata misspelt",
        "The model '{0}' has the item metadata {1}, which means nothing; {2} is probably meant.");

    public static readonly Rule LengthContradicts = Warning("CLV2016", "Array does not have the input's length",
        "'{0}' has the shape [{1}], which takes {2} elements, but the array given here has {3}. The call would end in an ArgumentException.");

    public static readonly Rule DimensionOutOfRange = Warning("CLV2017", "Dimension out of range",
        "The dimension '{1}' of '{0}' is {2} here; {3}. The call would end in an exception.");

    public static readonly Rule NothingOnAccelerator = Warning("CLV2018", "Nothing on the accelerator",
        "The model '{0}' has the item metadata Accelerator, but nothing of it is planned there: {1}. It runs on the CPU. Take the metadata off the item.");

    public static readonly Rule DeadlineMissed = Warning("CLV2019", "Deadline cannot be met",
        "The model '{0}' is to be done by a deadline of {1}, but the best that is planned for {3}, which was measured, takes {2}. Allow that, or give it more GpuMemory, a smaller model or a faster device.");

    public static readonly Rule LanguageTooOld = Error("CLV2020", "C# version too old",
        "No runner is made of the model '{0}': its code needs C# 12 or later, and the project is compiled as C# {1}. Set LangVersion to 12 or later, or take it out of the project.");

    // The typed class of an ensemble.
    public static readonly Rule EnsembleEmpty = Error("CLV2030", "Ensemble without members",
        "The ensemble '{0}' has no members. List the models on its item: Models=\"a.onnx;b.onnx\".");

    public static readonly Rule EnsembleMemberTwice = Error("CLV2031", "Ensemble lists a member twice",
        "The ensemble '{0}' lists the model '{1}' more than once. Leave one of them out; a member that is to count more gets a weight: Combine=\"WeightedMean\" Weights=\"2;1\".");

    public static readonly Rule EnsembleMemberMissing = Error("CLV2032", "Member of an ensemble has no runner",
        "The ensemble '{0}' lists the model '{1}', of which no class is generated, so the ensemble has none either. Mend what is reported of that model, or take it off the ensemble.");

    public static readonly Rule EnsembleBadMetadata = Error("CLV2033", "Item metadata of an ensemble not understood",
        "The ensemble '{0}' has the item metadata {1}=\"{2}\"; {3}.");

    public static readonly Rule EnsembleInputDiffers = Error("CLV2034", "Members of an ensemble disagree on an input",
        "The members of the ensemble '{0}' disagree on the input '{1}': {2}. Export them with the same input, or give the input of one of them another name: then it is an input of its own.");

    public static readonly Rule EnsembleOutputDiffers = Error("CLV2035", "Members of an ensemble disagree on an output",
        "The members of the ensemble '{0}' disagree on the output '{1}': {2}. {3}");

    public static readonly Rule EnsembleRuleUnfit = Error("CLV2036", "Output cannot be combined by that rule",
        "The ensemble '{0}' cannot combine the output '{1}' by {2}: {3}. {4}");

    public static readonly Rule EnsembleMatchedByOrder = new("CLV2037", Severity.Info, "Members of an ensemble call one thing by different names",
        "The members of the ensemble '{0}' have no {1} of one name there: '{2}' of '{3}' is taken for '{4}', by its place and shape. Where that is wrong, give it another shape or the right name when exporting.");

    public static readonly Rule EnsembleOutputLeftOut = new("CLV2038", Severity.Info, "Output of a member is not in the ensemble",
        "The ensemble '{0}' does not give the output '{1}' of '{2}', which its first member does not have. The runner of that model does.");

    public static readonly Rule EnsembleTuningStale = Warning("CLV2039", "Tuning file does not fit the ensemble",
        "The tuning file '{1}' does not fit the ensemble '{0}': {2}. Runners will not go by it. Tune again: cleave tune --ensemble {0}");

    public static readonly Rule EnsembleMetadataUnused = Warning("CLV2040", "Item metadata of an ensemble without effect",
        "The ensemble '{0}' has the item metadata {1}, which means nothing there; {2}.");

    // The build.
    public static readonly Rule UpdateIgnored = Warning("CLV3001", "OnnxModel Update has no effect",
        "'{0}' uses <OnnxModel Update=…>, which has no effect there: the items do not exist yet. Put the metadata on the AdditionalFiles item.");

    public static readonly Rule ListingFailed = Error("CLV3002", "Graph listing cannot be written",
        "The graph listing of '{0}' cannot be written: {1}.");

    public static readonly Rule AddedTooLate = Error("CLV3003", "Model added too late",
        "The model '{0}' was added to AdditionalFiles by a target that runs after the models were listed, so it has no class and is not copied. Let that target run earlier: BeforeTargets=\"CleaveListModels\".");

    public static readonly Rule NotInOutput = Error("CLV3004", "Model does not reach the output",
        "The file '{0}' of a model is not in the {1} at '{2}', where the application will look for it. Something in the project takes it away: look for targets and items that remove or replace it.");

    public static readonly Rule NativeRuntimeMissing = Error("CLV3005", "Application has no ONNX Runtime",
        "The application '{0}' runs models, but no native ONNX Runtime reaches its {1}. Reference Microsoft.ML.OnnxRuntime (or .Gpu, .DirectML) in it, for the platform it runs on; where the library comes from elsewhere, add CLV3005 to NoWarn.");

    public static readonly Rule PackedWithoutModels = Warning("CLV3006", "Library is packed without its models",
        "The package of '{1}' does not hold the model '{0}': applications that use the package will not find it. Pack the file (Pack=\"true\" and PackagePath on a None item, copied by a targets file in the package), or say that the application brings it: NoWarn CLV3006 and RunnerOptions.Model.");

    public static readonly Rule BadProperty = Error("CLV3007", "Property not understood",
        "'{0}' sets the property {1} to '{2}'; {3}.");

    public static readonly Rule ValidationFailed = Error("CLV3008", "Model failed its validation",
        "The model '{0}' failed its validation, {1}: {2}. 'cleave verify' and 'cleave golden' show more.");

    public static readonly Rule ValidationAborted = Error("CLV3009", "Validation did not come to an end",
        "The validation of '{0}' did not come to an end: {1}. The application would have crashed or hung in the same way.");

    public static readonly Rule ValidatorMissing = Error("CLV3010", "Validation could not begin",
        "'{0}' asks for the validation of its models, but {1}.");

    public static readonly Rule TooSlow = Error("CLV3011", "Model is slower than its speed budget",
        "The model '{0}' is slower than its speed budget: {1}. 'cleave bench' measures what would be faster; the item metadata MaxSlowdown is the budget.");

    public static readonly Rule NotPrepared = Error("CLV3012", "Models could not be prepared",
        "'{0}' asks for prepared models, but {1}.");

    public static readonly Rule OtherLanguage = Error("CLV3013", "Runners are made for C# only",
        "No runner is made of the model '{0}': '{1}' is no C# project. Put the model into a C# library, and reference that from here.");

    public static readonly Rule OnePlaceForTwo = Error("CLV3014", "Two files for one place in the output",
        "The file '{0}' would lie at '{1}' in the output, where '{2}' lies, and one of them would be lost. Give one of the two models a folder of its own: Link=\"folder/name.onnx\" on its item.");

    public static readonly Rule RuntimeHeldBack = Warning("CLV3015", "Runtime is held back from the library's users",
        "'{0}' references Cleave with PrivateAssets, so Cleave.Runtime does not reach the projects that use it: its runners would not load there. Take PrivateAssets off the reference, or reference Cleave.Runtime too.");

    // The running application.
    public static readonly Rule ModelNotFound = Error("CLV4001", "Model file not found at run time",
        "The model '{0}' was not found at '{1}'. Deploy the build output's models folder with the application, or set CLEAVE_MODELS or RunnerOptions.Model.");

    public static readonly Rule GraphDiffers = Error("CLV4002", "Model's graph differs",
        "The model '{0}' has the graph {1}, but the runner was generated for {2}. Weights may change without a rebuild, the graph may not: build the application with this model.");

    public static readonly Rule ContractNotServed = Error("CLV4003", "Generated code and runtime do not fit",
        "The runner of '{0}' was generated for contract {1}; this Cleave.Runtime serves {2}. Use the same version of the packages Cleave and Cleave.Runtime, and rebuild.");

    public static readonly Rule FileChanged = Error("CLV4004", "Model file was replaced",
        "The model '{0}' was replaced or changed while the runner held it ({1}). No session is made from a file that changed: call ReloadAsync with the file, or create a new runner.");

    public static readonly Rule NativeLibraryMissing = Error("CLV4005", "ONNX Runtime's native library is missing or too old",
        "ONNX Runtime could not be loaded for '{0}', because its native library is missing or too old: {1}. Reference Microsoft.ML.OnnxRuntime (or .Gpu, .DirectML) in the application, for the platform it runs on, in the version that Cleave.Runtime asks for or a later one.");

    public static readonly Rule SegmentRefused = Error("CLV4006", "Segment does not fit the graph",
        "The segment '{1}' of '{0}' does not fit the model's graph: {2}. Rebuild the application; if that does not help, please report it.");

    public static readonly Rule SessionFailed = Error("CLV4007", "ONNX Runtime refused the model",
        "ONNX Runtime could not open the segment '{1}' of '{0}': {2}");

    public static readonly Rule RunFailed = Error("CLV4008", "ONNX Runtime failed while running",
        "ONNX Runtime failed in the segment '{1}' of '{0}': {2}");

    public static readonly Rule OutputsWithoutSlicing = Error("CLV4009", "Chosen outputs without slicing",
        "The runner of '{0}' gives chosen outputs ({1}), which takes a sliced model; with RunnerOptions.Slicing = false the file is opened as published. Leave Slicing on, or take Outputs off the model's item and rebuild.");

    public static readonly Rule PlanBroken = Error("CLV4010", "Plan does not run through",
        "The plan '{1}' of '{0}' does not run through: {2}. It was changed by hand, or made wrongly: rebuild the application, or set RunnerOptions.Plan = PlanChoice.Whole; if it was not changed, please report it.");

    public static readonly Rule PartFailed = Error("CLV4011", "Part of a job failed",
        "The model '{0}' failed for {1} of {2} inputs, so none of them has an output: {3}");

    public static readonly Rule QueueFull = Error("CLV4012", "Queue is full",
        "A request to '{0}' was rejected: {1} already, as many as {2} allows. Ask again later, or set WhenFull = FullQueue.Wait.");

    public static readonly Rule NeedsVnni = Error("CLV4013", "Model needs VNNI instructions",
        "The model '{0}' has weights of 8 bits, made for processors with VNNI instructions (cleave quantize --cpu vnni), and this one has none: sums of products would be cut off. Quantise it for any processor (without --cpu vnni), or set RunnerOptions.AllowSaturation = true.");

    public static readonly Rule DeviceUnavailable = Error("CLV4020", "Device cannot be used",
        "The device '{0}' cannot be used: {1}. To use it, {2}; or leave the work to the CPU.");

    public static readonly Rule DeviceMemory = Error("CLV4021", "Device is out of memory",
        "There is no room for '{0}' on the device '{1}': {2}. Give it fewer models, smaller batches or a higher limit, or leave the work to the CPU.");

    public static readonly Rule DeviceLost = Error("CLV4022", "Device was lost",
        "The device '{1}' was lost at '{0}': {2}. It stays unusable for this process: restart the application, and see what the system's log says of the device.");

    public static readonly Rule EnsembleMemberFailed = Error("CLV4030", "Member of an ensemble failed",
        "The ensemble '{0}' has no output for a request, because its member '{1}' failed; mend what it says, or take the member off the item: {2}");

    public static readonly Rule EnsembleRuleFailed = Error("CLV4031", "Rule of an ensemble failed",
        "The ensemble '{0}' could not combine the output '{1}'; mend its rule, or take one that fits these outputs: {2}");

    public static readonly Rule EnsembleDoesNotFit = Error("CLV4032", "Ensemble does not fit its devices",
        "There is no room for all members of the ensemble '{0}': {1}. Give it more devices or a higher limit, list cpu among them, or set EnsembleOptions.Devices = DeviceOptions.Prefer: then members without room run on the CPU.");

    public static IReadOnlyList<Rule> All { get; } =
    [
        FileMissing, FileEmpty, LfsPointer, Truncated, NotOnnx, Malformed, NestedTooDeep, UnknownElementType,
        DuplicateName, MissingName, ExternalDataMissing, ExternalDataTooShort, ExternalDataOutside, Unreadable,
        BodyTooLarge, TensorSize, Cycle,
        OpsetTooNew, IrTooNew, OperatorUnknown, OperatorRemoved, ContractBroken, ContractMissing, ReleaseUnknown, TuningStale, QuantisationStale, ReleaseTooOld,
        NotATensor, ElementTypeNotSupported, ClassDefinedTwice, BadMetadata, TargetsMissing, ListingUnreadable,
        GeneratorFailed, NoOutputs, TensorTooLarge, ChosenOutputMissing, CannotBeOutput, OutputChosenTwice,
        ChosenOutputsNeedSlicing,
        NothingToSplit, MetadataMisspelt, LengthContradicts, DimensionOutOfRange, NothingOnAccelerator, DeadlineMissed, LanguageTooOld,
        EnsembleEmpty, EnsembleMemberTwice, EnsembleMemberMissing, EnsembleBadMetadata, EnsembleInputDiffers, EnsembleOutputDiffers,
        EnsembleRuleUnfit, EnsembleMatchedByOrder, EnsembleOutputLeftOut, EnsembleTuningStale, EnsembleMetadataUnused,
        UpdateIgnored, ListingFailed, AddedTooLate, NotInOutput, NativeRuntimeMissing, PackedWithoutModels,
        BadProperty, ValidationFailed, ValidationAborted, ValidatorMissing, TooSlow, NotPrepared, OtherLanguage, OnePlaceForTwo, RuntimeHeldBack,
        ModelNotFound, GraphDiffers, ContractNotServed, FileChanged, NativeLibraryMissing, SegmentRefused,
        SessionFailed, RunFailed, OutputsWithoutSlicing, PlanBroken, PartFailed, QueueFull, NeedsVnni,
        DeviceUnavailable, DeviceMemory, DeviceLost,
        EnsembleMemberFailed, EnsembleRuleFailed, EnsembleDoesNotFit,
    ];

    /// <summary>The rule with an id, or null: a listing may come from another version.</summary>
    public static Rule? Find(string id)
    {
        foreach (Rule rule in All)
        {
            if (rule.Id == id)
                return rule;
        }
        return null;
    }

    private static Rule Error(string id, string title, string message) => new(id, Severity.Error, title, message);

    // What is checked beside the model: it costs the build, but no class.
    private static Rule Checked(string id, string title, string message) => Error(id, title, message) with { KeepsClass = true };

    private static Rule Warning(string id, string title, string message) => new(id, Severity.Warning, title, message);
}
