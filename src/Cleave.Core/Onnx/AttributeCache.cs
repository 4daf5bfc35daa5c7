using System;
using System.Collections.Generic;
using Cleave.Core.Graph;

namespace Cleave.Core.Onnx;

/// <summary>Attributes by their bytes: the same few (strides, kernel shapes) occur in node after node, and are kept once.</summary>
internal sealed class AttributeCache
{
    // A file with ever new ones gains nothing from more.
    private const int Most = 4096;

    private readonly Dictionary<Key, NodeAttribute> _known = [];
    private Key _last;

    /// <summary>The attribute with these bytes; null where there is none yet, then <see cref="Add"/> may follow.</summary>
    public NodeAttribute? Find(byte[] content, int length)
    {
        _last = new Key(content, length);
        return _known.TryGetValue(_last, out NodeAttribute? attribute) ? attribute : null;
    }

    /// <summary>Keeps the attribute that was looked for last.</summary>
    public void Add(NodeAttribute attribute)
    {
        if (_known.Count < Most)
            _known[_last.Copy()] = attribute;
    }

    private readonly struct Key : IEquatable<Key>
    {
        private readonly byte[] _bytes;
        private readonly int _length;
        private readonly int _hash;

        public Key(byte[] bytes, int length)
        {
            _bytes = bytes;
            _length = length;
            uint hash = 2166136261;
            for (int i = 0; i < length; i++)
                hash = (hash ^ bytes[i]) * 16777619;
            _hash = unchecked((int)hash);
        }

        public Key Copy()
        {
            byte[] bytes = new byte[_length];
            Buffer.BlockCopy(_bytes, 0, bytes, 0, _length);
            return new Key(bytes, _length);
        }

        public bool Equals(Key other)
        {
            if (_hash != other._hash || _length != other._length)
                return false;
            for (int i = 0; i < _length; i++)
            {
                if (_bytes[i] != other._bytes[i])
                    return false;
            }
            return true;
        }

        public override bool Equals(object? obj) => obj is Key other && Equals(other);

        public override int GetHashCode() => _hash;
    }
}
