using PageReader.Drawing;

namespace PageReader.Training.Pages;

/// <summary>A piece of text at a place of a page.</summary>
/// <param name="Text">One line.</param>
/// <param name="Style">Its letters.</param>
/// <param name="X">Left end.</param>
/// <param name="Baseline">From the page's top.</param>
/// <param name="Unit">Pixels of a tenth of the capitals' height.</param>
internal sealed record PlacedText(string Text, TextStyle Style, float X, float Baseline, float Unit);
