using System;

namespace Cleave.Prepared.Making;

/// <summary>A segment cannot be prepared, now and at any other time: its entry says so, and it is opened plainly.</summary>
internal sealed class NotPreparableException(string why) : Exception(why);
