using System.Collections.Generic;

namespace Cleave.Tool.Rewriting;

/// <summary>
/// Takes initializers out of the inputs: there a caller could override them, so ONNX Runtime neither folds them nor packs them
/// for its kernels.
/// </summary>
internal static class InputInitializers
{
    public static int Apply(ModelEdit edit)
    {
        HashSet<string> initializers = edit.InitializerNames();
        int removed = ModelEdit.Remove(edit.Graph.Input, i => initializers.Contains(i.Name));
        if (removed > 0)
            edit.AllowPlainInitializers();
        return removed;
    }
}
