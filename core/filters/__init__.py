"""Filters of pictures that ops, areas and planners share: functions of tensors, which know no plug-in and no file."""
