using System.Collections.Generic;
using System.IO;
using System.Xml;

namespace Cleave.Build;

/// <summary>
/// Finds <c>&lt;OnnxModel Update=…&gt;</c> in a project file. Such a line stands before the package's targets, which make
/// the items, and changes nothing; only items that the project itself includes as OnnxModel before it exist by then.
/// </summary>
internal static class IgnoredUpdates
{
    /// <summary>The lines in a project file.</summary>
    public static List<int> In(string projectFile)
    {
        List<int> lines = [];
        // A program of a single file has a project, but no project file.
        if (!File.Exists(projectFile))
            return lines;
        XmlReaderSettings settings = new() { DtdProcessing = DtdProcessing.Ignore, XmlResolver = null };
        using FileStream stream = new(projectFile, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using XmlReader reader = XmlReader.Create(stream, settings);
        while (reader.Read())
        {
            // Depth 2: Project, ItemGroup, OnnxModel. In a target the items exist, and Update works.
            if (reader.NodeType != XmlNodeType.Element || reader.Depth != 2 || reader.LocalName != "OnnxModel")
                continue;
            if (reader.GetAttribute("Include") != null)
                return [];
            if (reader.GetAttribute("Update") != null)
                lines.Add(((IXmlLineInfo)reader).LineNumber);
        }
        return lines;
    }
}
